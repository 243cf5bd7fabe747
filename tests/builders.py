"""Rows for tests, built the way the product builds them: users with consents, characters, rooms, turns, replies."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.utils import timezone

from chat.accounts.consents import decide_consent, get_local_text
from chat.models import REQUIRED_TO_CHAT, Character, ConsentKind, Counsel, Dialog, Reply, ReplyState, User
from chat.replies.claim import LEASE
from chat.rooms.lock import bump_version
from chat.rooms.open import open_counsel

PASSWORD = "조용한-바다-7-등대"


def build_user(login_id: str = "mina", *, consents: Iterable[str] = REQUIRED_TO_CHAT, **fields: Any) -> User:
    given = {"name": "민아", "dt_birth": date(1995, 4, 16), **fields}
    user = User.objects.create_user(login_id, PASSWORD, **given)
    for kind in consents:
        grant(user, ConsentKind(kind))
    return user


def grant(user: User, kind: ConsentKind, *, is_granted: bool = True) -> None:
    decide_consent(user, kind, is_granted=is_granted, text_version=get_local_text(kind).version)


def get_consent_version() -> str:
    """All five texts were written as one version."""
    return get_local_text(ConsentKind.TRAINING).version


def build_character(key: str = "test-mary", **fields: Any) -> Character:
    given = {
        "character_name": "마리",
        "character_name_en": "Mary",
        "character_model": "gemma-3-270m",
        "introduction": "곁에서 듣는 친구",
        "introduction_en": "A friend who listens",
        "portrait": "portraits/mary.svg",
        "greetings": [f"안녕하세요, {number}번째 인사예요." for number in range(1, 8)],
        "persona_file": "mary.md",
        **fields,
    }
    return Character.objects.create(key=key, **given)


def build_room(user: User, character: Character | None = None) -> Counsel:
    return open_counsel(user, character or build_character(f"mary-{uuid.uuid4().hex[:8]}"))


def build_turn(counsel: Counsel, u_message: str = "잠이 안 와요", **fields: Any) -> Dialog:
    seq = Dialog.objects.filter(counsel=counsel).count() + 1
    version = bump_version(counsel, is_activity=True)
    given = {"client_msg_id": uuid.uuid4(), **fields}
    return Dialog.objects.create(
        counsel=counsel, user_id=counsel.user_id, seq=seq, version=version, u_message=u_message, **given
    )


def build_reply(dialog: Dialog, text: str = "많이 뒤척였겠어요.", state: str = ReplyState.DONE, **fields: Any) -> Reply:
    """A reply in any state; one that is done stands as the dialog's answer."""
    stamps: dict[str, Any] = {}
    if state == ReplyState.RUNNING:
        stamps = {"dt_lease_until": timezone.now() + LEASE, "attempt": 1}
    elif state != ReplyState.QUEUED:
        stamps = {"dt_finished": timezone.now(), "attempt": 1}
    number = dialog.replies.count() + 1
    reply = Reply.objects.create(dialog=dialog, number=number, text=text, state=state, **{**stamps, **fields})
    if state == ReplyState.DONE:
        dialog.chosen_reply, dialog.ai_message = reply, text
        dialog.save()
    return reply
