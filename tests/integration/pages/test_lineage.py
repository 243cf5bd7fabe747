"""Lineage in both directions, masked, and only what somebody may read."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from chat.models import Reply
from tests.builders import build_reply, build_room, build_turn, build_user
from tests.flywheel_pages import HOSTILE, build_learned, build_run
from tests.query_plans import explain
from training.cycle.lineage import trace_dialog
from training.models import Pair

pytestmark = pytest.mark.django_db


def test_a_reply_leads_to_its_pairs_and_annotators(client, as_role):
    reply, run, answer = build_learned()
    as_role("trainer")
    html = client.get(reverse("admin:training_lineage"), {"reply": answer.pk}).content.decode()
    for words in (run.adapter.name, str(run), str(run.snapshot), str(Pair.objects.get()), "rater", reply.dialog_id):
        assert str(words) in html


def test_many_adapters_cost_no_more_queries_than_one(django_assert_num_queries):
    reply, run, _answer = build_learned()
    with CaptureQueriesContext(connection) as asked:
        assert trace_dialog(reply.dialog_id).replies_given == {run.adapter.name: 1}
    more = [build_run(run.snapshot).adapter.name for _ in range(3)]
    with django_assert_num_queries(len(asked)):
        assert trace_dialog(reply.dialog_id).replies_given == {run.adapter.name: 1, **dict.fromkeys(more, 0)}


def test_the_replies_of_an_adapter_are_found_by_an_index():
    assert "reply_of_adapter" in explain(Reply.objects.filter(adapter__in=["one@1", "two@2"]).order_by())


def test_a_message_leads_to_its_adapters_and_stays_masked(client, as_role):
    reply, run, _answer = build_learned()
    as_role("trainer")
    html = client.get(reverse("admin:training_lineage"), {"dialog": reply.dialog_id}).content.decode()
    assert run.adapter.name in html
    assert "잠이 안 와요" in html
    assert "010-0000-1234" not in html


def test_rows_of_messages_and_replies_lead_to_their_lineage(client):
    reply, _run, _answer = build_learned()
    client.force_login(build_user("chief", is_staff=True, is_superuser=True))
    for model, asked in (("dialog", f"dialog={reply.dialog_id}"), ("reply", f"reply={reply.pk}")):
        html = client.get(reverse(f"admin:chat_{model}_changelist")).content.decode()
        assert f"{reverse('admin:training_lineage')}?{asked}" in html


def test_a_text_that_nobody_may_read_is_not_shown(client, as_role):
    reply = build_reply(build_turn(build_room(build_user()), "아무도 읽지 않을 말"))
    as_role("trainer")
    html = client.get(reverse("admin:training_lineage"), {"dialog": reply.dialog_id}).content.decode()
    assert "아무도 읽지 않을 말" not in html
    assert "동의하지 않은 사용자" in html


@pytest.mark.parametrize("asked", ["x", "00000000-0000-0000-0000-000000000000", HOSTILE])
def test_lineage_of_nothing_says_so(client, as_role, asked):
    as_role("trainer")
    html = client.get(reverse("admin:training_lineage"), {"reply": asked}).content.decode()
    assert "그런 것이 없어요" in html
    assert HOSTILE not in html
