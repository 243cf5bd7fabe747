"""Five consents, each its own: what every combination of them allows, and how the ledger keeps decisions."""

from itertools import product

import pytest

from chat.accounts.consents import decide_consent, get_consent_text, list_consents
from chat.errors import ChatError
from chat.models import Consent, ConsentKind, Reply, granted_kinds
from chat.rooms.open import open_counsel
from tests.builders import build_character, build_reply, build_room, build_turn, build_user, grant

pytestmark = pytest.mark.django_db

COMBINATIONS = [frozenset(kind for kind, is_given in zip(ConsentKind, given, strict=True) if is_given)
                for given in product((False, True), repeat=5)]  # fmt: skip


@pytest.mark.parametrize("given", COMBINATIONS, ids=lambda given: "+".join(sorted(given)) or "none")
def test_a_room_opens_with_service_and_sensitive_whatever_else_is_given(client, given):
    user, character = build_user(consents=given), build_character()
    client.force_login(user)
    answer = client.post("/api/v1/counsels/", {"character_id": character.pk}, content_type="application/json")
    allowed = {"service", "sensitive"} <= given
    assert answer.status_code == (201 if allowed else 403)
    assert granted_kinds(user.pk) == given
    assert client.get("/api/v1/me/").json()["may_chat"] is allowed


def test_the_newest_decision_holds_and_the_older_ones_stay():
    user = build_user(consents=())
    for is_granted in (True, False, True, False):
        grant(user, ConsentKind.TRAINING, is_granted=is_granted)
    assert granted_kinds(user.pk) == frozenset()
    assert list(Consent.objects.order_by("dt_decided").values_list("is_granted", flat=True)) == [
        True, False, True, False
    ]  # fmt: skip


def test_a_decision_keeps_version_and_digest_of_its_text():
    user = build_user(consents=["service"])
    text = get_consent_text(ConsentKind.SERVICE, "ko")
    assert Consent.objects.values_list("text_version", "text_sha256").get() == (text.version, text.sha256)
    assert len(text.sha256) == 64
    assert user.consents.count() == 1


def test_consent_to_an_older_text_is_refused():
    user = build_user(consents=())
    with pytest.raises(ChatError, match="consent_text_changed"):
        decide_consent(user, ConsentKind.SERVICE, is_granted=True, text_version="1999-01-01")
    assert not Consent.objects.exists()


def test_withdrawing_needs_no_current_text():
    user = build_user(consents=["service"])
    decide_consent(user, ConsentKind.SERVICE, is_granted=False, text_version="1999-01-01")
    assert granted_kinds(user.pk) == frozenset()


def test_withdrawing_a_needed_consent_stops_a_queued_reply():
    user = build_user()
    reply = build_reply(build_turn(build_room(user)), text="", state="queued")
    grant(user, ConsentKind.SENSITIVE, is_granted=False)
    assert Reply.objects.get(pk=reply.pk).state == "stopped"


def test_withdrawing_a_needed_consent_asks_the_worker_to_stop_a_running_reply():
    user = build_user()
    reply = build_reply(build_turn(build_room(user)), text="", state="running")
    grant(user, ConsentKind.SERVICE, is_granted=False)
    assert Reply.objects.get(pk=reply.pk).dt_stop_requested is not None


def test_withdrawing_an_optional_consent_stops_nothing():
    user = build_user(consents=ConsentKind)
    reply = build_reply(build_turn(build_room(user)), text="", state="queued")
    grant(user, ConsentKind.TRAINING, is_granted=False)
    assert Reply.objects.get(pk=reply.pk).state == "queued"


def test_no_decision_yet_reads_as_not_granted():
    statuses = list_consents(build_user(consents=()).pk)
    assert [status.text.kind for status in statuses] == list(ConsentKind)
    assert not any(status.is_granted or status.decision for status in statuses)


def test_withdrawn_consent_closes_the_door_to_new_rooms():
    user = build_user()
    grant(user, ConsentKind.SENSITIVE, is_granted=False)
    with pytest.raises(ChatError, match="consent_required"):
        open_counsel(user, build_character())
