"""An adapter that some users try: it is theirs alone, goes back by itself when it is worse, and on when it is not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from channels.db import database_sync_to_async
from django.utils import timezone

from chat.models import Adapter, Character, Counsel, Feedback, Release, Reply
from chat.replies.claim import MAX_ATTEMPTS, claim_replies, fail_lost_replies
from chat.serving.canary import judge_canaries
from chat.serving.choose import is_in_canary
from chat.serving.settle import make_live
from tests.builders import build_reply, build_room, build_turn, build_user
from tests.integration.live import running_worker
from tests.integration.voices import PromptEngine, open_room, swap, talk

pytestmark = pytest.mark.django_db(transaction=True)

REPLIES = 40


@pytest.fixture
def release(character: Character, adapters: list[Adapter], settings) -> Release:
    """A trial that began an hour ago, beside a live adapter."""
    settings.MARY_CANARY_REPLIES = REPLIES
    make_live(Release(character=character, adapter=adapters[0]))
    stamps = {"state": "canary", "canary_percent": 20, "dt_verified": timezone.now() - timedelta(hours=1)}
    return Release.objects.create(character=character, adapter=adapters[1], previous_adapter=adapters[0], **stamps)


@pytest.fixture
def room(character: Character) -> Counsel:
    return build_room(build_user(), character)


def write_replies(room: Counsel, adapter: Adapter, *, bad: int, kind: str = "thumbs_down", age: int = 1800) -> None:
    """REPLIES of them, the first `age` seconds old, one a second, of which so many went badly, evenly spread."""
    for number in range(REPLIES):
        ended = timezone.now() - timedelta(seconds=age - number)
        is_bad = number * bad // REPLIES != (number + 1) * bad // REPLIES
        columns = {"adapter": adapter.name, "lm": "fake", "dt_started": ended, "dt_finished": ended}
        if is_bad and kind == "failed":
            columns |= {"state": "failed", "error_code": "engine_error"}
        dialog = build_turn(room)
        reply = build_reply(dialog, **columns)
        if is_bad and kind == "regenerated":
            build_reply(dialog, dt_queued=ended + timedelta(seconds=9))
        elif is_bad and kind in ("thumbs_down", "unsafe"):
            give_thumb(reply, reasons=["unsafe"] if kind == "unsafe" else [], dt=ended)


def give_thumb(reply, *, reasons, dt) -> None:
    thumb = Feedback.objects.create(user_id=reply.dialog.user_id, reply=reply, value="down", reasons=reasons)
    Feedback.objects.filter(pk=thumb.pk).update(dt_feedback=dt)


@pytest.mark.parametrize("kind", ["thumbs_down", "regenerated", "failed", "unsafe"])
def test_a_worse_adapter_is_rolled_back_with_its_figures(release, room, adapters, kind):
    write_replies(room, adapters[1], bad=20, kind=kind)
    write_replies(room, adapters[0], bad=1, kind=kind)
    assert judge_canaries() == 1
    release.refresh_from_db()
    assert release.state == "rolled_back"
    assert kind in release.end_reason
    assert release.figures["rates"][kind]["canary"] == [20, REPLIES]
    assert release.figures["rates"][kind]["evidence"] >= 80
    assert Character.objects.get(pk=room.character_id).adapter == adapters[0].name


def test_an_adapter_that_is_no_worse_goes_live_after_enough_replies(release, room, adapters):
    for adapter in adapters[:2]:
        write_replies(room, adapter, bad=4)
    assert judge_canaries() == 1
    release.refresh_from_db()
    assert (release.state, release.character.adapter) == ("live", adapters[1].name)
    assert release.former.state == "superseded"


def test_a_thumb_that_is_edited_later_has_counted_already(release, room, adapters, settings):
    settings.MARY_CANARY_REPLIES = REPLIES + 1
    write_replies(room, adapters[1], bad=5)
    write_replies(room, adapters[0], bad=1)
    assert judge_canaries() == 0
    release.refresh_from_db()
    before = release.figures["rates"]
    assert before["thumbs_down"]["canary"] == [5, REPLIES]
    for thumb in Feedback.objects.all():
        thumb.comment = "조금 늦게 적어요"
        thumb.save()
    assert judge_canaries() == 0
    release.refresh_from_db()
    assert release.figures["rates"] == before


def test_a_reply_that_killed_its_worker_counts_against_its_adapter(release, adapters):
    users = (build_user(f"guest-{number}") for number in range(100))
    user = next(user for user in users if is_in_canary(user.pk, release.pk, release.canary_percent))
    reply = build_reply(build_turn(build_room(user, release.character)), state="queued")
    for _ in range(MAX_ATTEMPTS):
        assert [claimed.adapter for claimed in claim_replies("w", 1)] == [adapters[1].name]
        Reply.objects.filter(pk=reply.pk).update(dt_lease_until=timezone.now() - timedelta(seconds=1))
    assert fail_lost_replies() == 1
    ended = timezone.now() - timedelta(hours=1)
    Reply.objects.filter(pk=reply.pk).update(dt_started=ended, dt_finished=ended)
    Release.objects.filter(pk=release.pk).update(dt_verified=ended - timedelta(seconds=1))
    write_replies(build_room(build_user("other"), release.character), adapters[0], bad=0)
    judge_canaries()
    release.refresh_from_db()
    assert release.figures["rates"]["failed"]["canary"] == [1, 1]


def test_replies_that_are_still_fresh_decide_nothing(release, room, adapters, settings):
    write_replies(room, adapters[1], bad=40, age=settings.MARY_CANARY_SETTLE_SECONDS - 60)
    write_replies(room, adapters[0], bad=0, age=settings.MARY_CANARY_SETTLE_SECONDS - 60)
    assert judge_canaries() == 0
    release.refresh_from_db()
    assert release.state == "canary"


async def test_only_the_users_of_the_share_hear_it_and_always(character, adapters):
    rooms = [await database_sync_to_async(open_room)(character) for _ in range(12)]
    async with running_worker(engine=PromptEngine(slots=4, tokens_per_second=400, reply_tokens=8)):
        await swap(adapters[0])
        tried = await swap(adapters[1], canary_percent=50)
        assert tried.state == "canary"
        heard = [{(await talk(room)).adapter for _ in range(2)} for room in rooms]
    expected = [{adapters[int(is_in_canary(room.user_id, tried.pk, 50))].name} for room in rooms]
    assert heard == expected
