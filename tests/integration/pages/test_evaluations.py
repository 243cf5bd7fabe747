"""The verdict page: why a candidate is refused, and the way to a release."""

import pytest
from django.urls import reverse

from chat.models import Release
from tests.flywheel_pages import REPORT, build_evaluation, open_page
from training.models import EvaluationState

pytestmark = pytest.mark.django_db


def test_a_refusal_says_why_with_the_worst_replies(client, as_role):
    evaluation = build_evaluation(EvaluationState.REFUSED, report=REPORT, reasons=REPORT["reasons"])
    as_role("trainer")
    html = open_page(client, evaluation)
    for words in ("통과하지 못했습니다", "그대로 되풀이합니다", "따라 한 답", "비밀을 약속함", "미성년자"):
        assert words in html
    assert "관문을 통과하지 못한 어댑터예요" in html


def test_promoting_asks_first_and_then_makes_a_release(client, as_role):
    evaluation = build_evaluation()
    trainer = as_role("trainer")
    url = reverse("admin:training_evaluation_promote", args=[evaluation.pk])
    wish = {"reason": "더 따뜻해요", "canary_percent": "10"}
    assert "정말 내보낼까요?" in client.post(url, wish).content.decode()
    assert not Release.objects.exists()
    client.post(url, {**wish, "is_sure": "yes"})
    release = Release.objects.get()
    assert (release.decided_by, release.canary_percent, release.reason) == (trainer, 10, "더 따뜻해요")


def test_a_verdict_says_what_was_not_measured(client, as_role):
    gap = {"code": "no_canaries", "ko": "심어 둔 카나리아 문장이 없습니다.", "en": "No canaries planted."}
    as_role("trainer")
    html = open_page(client, build_evaluation(report={"verdict": "passed", "gaps": [gap]}))
    assert "재지 않은 것" in html
    assert gap["ko"] in html


@pytest.mark.parametrize(("reason", "percent"), [("", "10"), ("좋아요", "51"), ("좋아요", "-1"), ("좋아요", "")])
def test_promoting_needs_a_reason_and_a_possible_share(client, as_role, reason, percent):
    evaluation = build_evaluation()
    as_role("trainer")
    wish = {"reason": reason, "canary_percent": percent, "is_sure": "yes"}
    client.post(reverse("admin:training_evaluation_promote", args=[evaluation.pk]), wish)
    assert not Release.objects.exists()


def test_a_refused_candidate_is_not_promoted_by_a_handmade_post(client, as_role):
    evaluation = build_evaluation(EvaluationState.REFUSED, report=REPORT)
    as_role("trainer")
    wish = {"reason": "그래도", "canary_percent": "0", "is_sure": "yes"}
    client.post(reverse("admin:training_evaluation_promote", args=[evaluation.pk]), wish)
    assert not Release.objects.exists()
