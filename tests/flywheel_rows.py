"""Rows of the flywheel for tests: users who let people read along and let the model learn, replies, ratings."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.models import Group

from chat.models import REQUIRED_TO_CHAT, Adapter, Character, ConsentKind, Reply, User
from tests.builders import build_reply, build_room, build_turn, build_user
from training.cycle.freeze import freeze_snapshot
from training.cycle.pair import derive_pairs_of_dialog
from training.models import Rating, ReviewItem, Snapshot, SnapshotState

ALL_CONSENTS = (*REQUIRED_TO_CHAT, ConsentKind.HUMAN_REVIEW, ConsentKind.TRAINING)
MESSAGES = ("오늘 발표를 망쳤어요.", "동생이랑 크게 다퉜어요.", "이사한 집이 낯설어요.", "시험이 코앞이에요.")


def build_giver(login_id: str = "", **fields: Any) -> User:
    """A user who gives all consents that the flywheel needs."""
    return build_user(login_id or f"giver-{uuid.uuid4().hex[:8]}", consents=ALL_CONSENTS, **fields)


def build_staff(login_id: str = "", *roles: str) -> User:
    user = build_user(login_id or f"staff-{uuid.uuid4().hex[:8]}", is_staff=True)
    user.groups.add(*Group.objects.filter(name__in=roles))
    return user


def build_answered(user: User, character: Character, message: str = MESSAGES[0], text: str = "힘내세요.") -> Reply:
    """A room with one message and its answer."""
    return build_reply(build_turn(build_room(user, character), message), text=text)


def build_rating(reply: Reply, annotator: User, **fields: Any) -> Rating:
    item, _ = ReviewItem.objects.get_or_create(
        reply=reply, defaults={"user_id": reply.dialog.user_id, "reasons": ["good_sample"]}
    )
    return Rating.objects.create(item=item, annotator=annotator, **fields)


def correct(reply: Reply, annotator: User, text: str, **fields: Any) -> Rating:
    """A correction, and the pair that follows from it."""
    rating = build_rating(reply, annotator, correction=text, overall=4, **fields)
    derive_pairs_of_dialog(reply.dialog_id)
    return rating


def build_pairs(character: Character, annotator: User, users: int = 4, *, first: int = 0) -> list[User]:
    """One corrected reply for each of so many users, all different; `first`: the number of the first one's words."""
    givers = [build_giver() for _ in range(users)]
    for number, giver in enumerate(givers, start=first):
        reply = build_answered(giver, character, f"{MESSAGES[number % len(MESSAGES)]} {number}번째예요.")
        correct(reply, annotator, f"{number}번째 이야기까지 들려주셔서 고마워요. 어떤 마음이 남았나요?")
    return givers


def build_snapshot(character: Character, by: User | None = None, *, users: int = 4) -> Snapshot:
    """An approved snapshot of fresh pairs."""
    build_pairs(character, build_staff(), users)
    snapshot = freeze_snapshot(character, by)
    Snapshot.objects.filter(pk=snapshot.pk).update(state=SnapshotState.APPROVED, dt_decided=snapshot.dt_built)
    snapshot.refresh_from_db()
    return snapshot


def build_adapter(character: Character, name: str = "") -> Adapter:
    """A row without files: for what reads rows only."""
    digest = uuid.uuid4().hex + uuid.uuid4().hex
    return Adapter.objects.create(
        name=f"{name or character.key}@{digest[:12]}",
        character=character,
        gguf_sha256=digest,
        weights_sha256=digest,
        base_sha256="b" * 64,
        folder=f"{character.key}@{digest[:12]}",
        size_bytes=1,
    )
