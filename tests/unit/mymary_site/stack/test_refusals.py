"""A refusal says in two languages what went wrong."""

from mymary_site.stack.refusals import step_failed


def test_a_failed_steps_last_words_are_repeated() -> None:
    refusal = step_failed("manage.py migrate", ["Traceback …", "  File …", "ImportError: no x", ""])
    assert str(refusal).startswith("\n✗ STEP_FAILED\n  manage.py migrate 단계에서 멈췄습니다: ImportError: no x\n")
    assert "The step manage.py migrate failed: ImportError: no x" in refusal.english


def test_a_silent_steps_failure_is_said_too() -> None:
    assert "failed: no output" in step_failed("initdb", []).english
