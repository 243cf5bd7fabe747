"""All of a user's data as one JSON object, to be read by people and programs.

What an AI wrote says so at the place where it stands and once for the whole file. Secrets (password, keys of
sessions and tokens) are not data about a person: only their existence is told.
"""

from __future__ import annotations

from typing import Any, Final

from allauth.account.models import EmailAddress
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import Prefetch
from django.utils import timezone
from rest_framework.authtoken.models import Token

from chat.derived import export_derived
from chat.models import Counsel, Dialog, Feedback, Reply, Session, User

FORMAT_VERSION: Final = 1
AI_NOTICE: Final = {
    "ko": "이 파일에서 is_ai_generated가 true인 글은 사람이 아니라 생성형 인공지능이 썼습니다.",
    "en": "Texts whose is_ai_generated is true were written by generative artificial intelligence, not by a person.",
}


@transaction.atomic
def export_account(user: User) -> dict[str, Any]:
    return {
        "format": "mymary-export",
        "format_version": FORMAT_VERSION,
        "dt_export": timezone.now(),
        "ai_notice": AI_NOTICE,
        "profile": _dump_profile(user),
        "emails": list(EmailAddress.objects.filter(user=user).values("email", "verified", "primary")),
        "consents": [
            *user.consents.order_by("dt_decided").values(
                "kind", "is_granted", "text_version", "text_sha256", "dt_decided"
            )
        ],
        "sessions": [
            {"dt_expire": dt} for dt in Session.objects.filter(user=user).values_list("expire_date", flat=True)
        ],
        "api_tokens": [{"dt_created": dt} for dt in Token.objects.filter(user=user).values_list("created", flat=True)],
        "staff_actions": list(LogEntry.objects.filter(user=user).values("action_time", "action_flag", "object_repr")),
        "rooms": [_dump_room(counsel) for counsel in _list_rooms(user)],
        "derived": export_derived(user.pk),
    }


def _list_rooms(user: User) -> list[Counsel]:
    """Four queries, whatever the number of rooms and turns."""
    replies = Reply.objects.order_by("number").prefetch_related(
        Prefetch("feedback", queryset=Feedback.objects.filter(user=user))
    )
    dialogs = Dialog.objects.order_by("seq").prefetch_related(Prefetch("replies", queryset=replies))
    rooms = Counsel.objects.filter(user=user).select_related("character").order_by("dt_start")
    return list(rooms.prefetch_related(Prefetch("dialogs", queryset=dialogs), "emotion_logs"))


def _dump_profile(user: User) -> dict[str, Any]:
    return {
        "user_id": user.pk,
        "login_id": user.login_id,
        "name": user.name,
        "dt_birth": user.dt_birth,
        "gender": user.gender,
        "language": user.language,
        "email": user.email,
        "dt_joined": user.dt_joined,
        "dt_last_login": user.last_login,
        "is_staff": user.is_staff,
        "groups": list(user.groups.values_list("name", flat=True)),
    }


def _dump_room(counsel: Counsel) -> dict[str, Any]:
    return {
        "counsel_id": counsel.pk,
        "character": {"key": counsel.character.key, "name": counsel.character.character_name},
        "title": counsel.title,
        "dt_start": counsel.dt_start,
        "dt_end": counsel.dt_end,
        "emotions": [
            {"counsel_emotion": log.counsel_emotion, "dt_emotion_log": log.dt_emotion_log}
            for log in counsel.emotion_logs.all()
        ],
        "dialogs": [_dump_dialog(dialog) for dialog in counsel.dialogs.all()],
    }


def _dump_dialog(dialog: Dialog) -> dict[str, Any]:
    return {
        "dialog_id": dialog.pk,
        "seq": dialog.seq,
        "dt_dialog": dialog.dt_dialog,
        "u_message": dialog.u_message,
        "ai_message": {"text": dialog.ai_message, "is_ai_generated": bool(dialog.ai_message)},
        "dialog_emotion": dialog.dialog_emotion,
        "past_dialog": dialog.past_dialog,
        "change_dialog": dialog.change_dialog,
        "crisis_level": dialog.crisis_level,
        "crisis_kinds": dialog.crisis_kinds,
        "replies": [_dump_reply(reply) for reply in dialog.replies.all()],
    }


def _dump_reply(reply: Reply) -> dict[str, Any]:
    return {
        "reply_id": reply.pk,
        "number": reply.number,
        "state": reply.state,
        "text": reply.text,
        "is_ai_generated": True,
        "lm": reply.lm,
        "adapter": reply.adapter,
        "prompt_version": reply.prompt_version,
        "sampling": reply.sampling,
        "dt_queued": reply.dt_queued,
        "dt_finished": reply.dt_finished,
        "feedback": [
            {"value": given.value, "reasons": given.reasons, "comment": given.comment, "dt_feedback": given.dt_feedback}
            for given in reply.feedback.all()
        ],
    }
