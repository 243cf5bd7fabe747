"""Rows around the review queue, for tests: experts by role, replies of consenting users, items that wait."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group

from chat.models import REQUIRED_TO_CHAT, Consent, ConsentKind, Reply, User
from tests.builders import build_reply, build_room, build_turn, build_user
from training.models import ReviewItem

TO_REVIEW = (*REQUIRED_TO_CHAT, ConsentKind.HUMAN_REVIEW)


def build_expert(login_id: str, *roles: str) -> User:
    """Anew from the database, so that the permissions of the groups are seen."""
    expert = build_user(login_id, is_staff=True)
    expert.groups.set(Group.objects.filter(name__in=roles or ("annotator",)))
    return User.objects.get(pk=expert.pk)


def build_reviewable_reply(
    login_id: str = "mina", *texts: str, u_message: str = "잠이 안 와요", **fields: Any
) -> Reply:
    """The last of these answers, in a new room of a user who lets people read along."""
    user = User.objects.filter(login_id=login_id).first() or build_user(login_id, consents=TO_REVIEW)
    dialog = build_turn(build_room(user), **fields)
    replies = [build_reply(dialog, text) for text in texts or ("많이 뒤척였겠어요. 무슨 생각이 났나요?",)]
    return replies[-1]


def build_item(login_id: str = "mina", *texts: str, **fields: Any) -> ReviewItem:
    reply = build_reviewable_reply(login_id, *texts)
    given = {"reasons": ["thumbs_down"], "priority": 4.0, **fields}
    return ReviewItem.objects.create(reply=reply, user_id=reply.dialog.user_id, **given)


def take_consent_back(user: User, kind: ConsentKind = ConsentKind.HUMAN_REVIEW) -> None:
    """The ledger's row alone, as it stands before the flow that removes items has run."""
    fields = {"text_version": "1", "text_sha256": "0" * 64}
    Consent.objects.create(user=user, kind=kind, is_granted=False, **fields)
