"""`manage.py adapters`: what an operator sees and does without the admin."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from chat.models import Character, Release
from chat.serving.settle import make_live
from tests.adapter_folders import cut, write_adapter
from tests.integration.voices import decide

pytestmark = pytest.mark.django_db(transaction=True)


KNOWINGLY = ("--without-gate", "--reason", "the disk was swapped")


def run(*arguments: object) -> str:
    out = StringIO()
    call_command("adapters", *map(str, arguments), stdout=out)
    return out.getvalue().strip()


def test_from_a_folder_to_a_decision(character, tmp_path: Path):
    name = run("register", write_adapter(tmp_path / "trained"), "mina")
    assert name.startswith("mina@")
    assert run("list") == f"{name} never published"
    assert run("publish", name, "--canary", 10, *KNOWINGLY) == f"{name} verifying"
    assert Release.objects.get().canary_percent == 10
    assert run("list") == f"{name} verifying"


def test_rolling_back_names_what_is_live_now(character, adapters):
    for adapter in adapters[:2]:
        make_live(Release(character=Character.objects.get(pk=character.pk), adapter=adapter))
    line = run("rollback", "mina", "--reason", "worse")
    assert line == f"{adapters[1].name} rolled_back, live: {adapters[0].name}"
    assert Release.objects.live().get().reason == "worse"


def test_rolling_back_beside_a_trial_ends_both_and_says_so(character, adapters):
    for adapter in adapters[:2]:
        make_live(Release(character=Character.objects.get(pk=character.pk), adapter=adapter))
    decide(adapters[2], canary_percent=10)
    line = run("rollback", "mina", "--reason", "worse")
    assert line == f"{adapters[1].name} rolled_back, live: {adapters[0].name}, trial called off: {adapters[2].name}"
    assert not Release.objects.open().exists()


def test_a_trial_is_called_off_alone_where_that_is_asked_or_nothing_else_can_go(character, adapters):
    make_live(Release(character=Character.objects.get(pk=character.pk), adapter=adapters[0]))
    decide(adapters[1])
    line = run("rollback", "mina", "--trial-only", "--reason", "worse")
    assert line == f"{adapters[1].name} rolled_back, live: {adapters[0].name}"
    run("rollback", "mina", "--reason", "worse")
    decide(adapters[2])
    assert run("rollback", "mina", "--reason", "worse") == f"{adapters[2].name} rolled_back, live: -"
    with pytest.raises(CommandError, match="No trial is open"):
        run("rollback", "mina", "--trial-only", "--reason", "worse")


def test_a_refusal_is_named_with_its_code_and_its_remedy(character, tmp_path: Path):
    folder = write_adapter(tmp_path / "trained")
    cut(folder / "adapter.gguf", 0.5)
    with pytest.raises(CommandError, match=r"digest_mismatch: .*manifest"):
        run("register", folder, "mina")


def test_a_name_that_is_none_says_where_names_stand(character):
    with pytest.raises(CommandError, match="adapters list"):
        run("publish", "mina@000000000000", *KNOWINGLY)
    with pytest.raises(CommandError, match="nothing_to_roll_back"):
        run("rollback", "mina", "--reason", "worse")


@pytest.mark.parametrize("said", [(), ("--without-gate",), ("--reason", "why"), ("--without-gate", "--reason", " ")])
def test_nothing_is_published_past_the_gate_without_saying_so_and_why(adapters, said):
    with pytest.raises(CommandError, match=r"without-gate|reason"):
        run("publish", adapters[0].name, *said)
    assert not Release.objects.exists()
