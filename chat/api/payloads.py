"""Rows → what the outside sees of them: DIALOG, REPLY, COUNSEL, CHARACTER. REST, pages and sockets share these.

Plain dictionaries of JSON values. `list_dialogs` reads a page of turns in three queries, whatever its length.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.db.models import CharField, F, OuterRef, Prefetch, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Left, NullIf
from django.templatetags.static import static

from chat.errors import get_message
from chat.models import Character, Counsel, Dialog, Feedback, Reply
from chat.understanding.crisis import CARD_LEVEL
from chat.understanding.crisis_card import crisis_card

PREVIEW_CHARACTERS: Final = 80

Payload = dict[str, Any]


# --- Reading ------------------------------------------------------------------------------------------------


def with_replies(dialogs: QuerySet[Dialog]) -> QuerySet[Dialog]:
    """Everything `dump_dialog` reads, prefetched."""
    replies = Reply.objects.order_by("number").prefetch_related("feedback")
    return dialogs.select_related("user").prefetch_related(Prefetch("replies", queryset=replies))


def list_dialogs(
    counsel_id: UUID, *, after_version: int | None = None, before_seq: int | None = None, limit: int
) -> list[Dialog]:
    """The newest `limit` turns that match, in ascending order. The caller has checked whose room it is.

    Read the room's version before calling: then a turn changed meanwhile only comes once more, and none is missed.
    """
    dialogs = Dialog.objects.filter(counsel_id=counsel_id)
    if after_version is not None:
        dialogs = dialogs.filter(version__gt=after_version)
    if before_seq is not None:
        dialogs = dialogs.filter(seq__lt=before_seq)
    return list(with_replies(dialogs.order_by("-seq")[:limit]))[::-1]


def with_previews(counsels: QuerySet[Counsel]) -> QuerySet[Counsel]:
    """Everything `dump_counsel` reads, in one query."""
    newest = Dialog.objects.filter(counsel=OuterRef("pk")).order_by("-seq")
    text = Coalesce(NullIf(F("ai_message"), Value("")), F("u_message"))
    preview = Subquery(newest.values_list(Left(text, PREVIEW_CHARACTERS))[:1], output_field=CharField())
    return counsels.select_related("character").annotate(preview=preview)


# --- Writing ------------------------------------------------------------------------------------------------


def dump_dialog(dialog: Dialog) -> Payload:
    return {
        "id": str(dialog.pk),
        "counsel_id": str(dialog.counsel_id),
        "seq": dialog.seq,
        "version": dialog.version,
        "dt_dialog": dialog.dt_dialog.isoformat(),
        "client_msg_id": str(dialog.client_msg_id) if dialog.client_msg_id else None,
        "u_message": dialog.u_message,
        "ai_message": dialog.ai_message,
        "chosen_reply_id": str(dialog.chosen_reply_id) if dialog.chosen_reply_id else None,
        "crisis": _dump_crisis(dialog),
        "replies": [dump_reply(reply) for reply in dialog.replies.all()],
    }


def dump_reply(reply: Reply) -> Payload:
    return {
        "id": str(reply.pk),
        "number": reply.number,
        "state": str(reply.state),
        "attempt": reply.attempt,
        "text": "" if reply.is_live else reply.text,
        "error": {"code": reply.error_code, "message": get_message(reply.error_code)} if reply.error_code else None,
        "adapter": reply.adapter,
        "lm": reply.lm,
        "dt_queued": reply.dt_queued.isoformat(),
        "dt_finished": reply.dt_finished.isoformat() if reply.dt_finished else None,
        "feedback": next((dump_feedback(given) for given in reply.feedback.all()), None),
    }


def dump_feedback(feedback: Feedback) -> Payload:
    return {"value": str(feedback.value), "reasons": list(feedback.reasons), "comment": feedback.comment}


def dump_character(character: Character) -> Payload:
    """Name and introduction in the active language."""
    return {**_dump_character_name(character), "introduction": character.local_introduction}


def dump_counsel(counsel: Counsel) -> Payload:
    """A room that came through `with_previews`."""
    return {
        "id": str(counsel.pk),
        "character": _dump_character_name(counsel.character),
        "title": counsel.title,
        "dt_start": counsel.dt_start.isoformat(),
        "dt_end": counsel.dt_end.isoformat() if counsel.dt_end else None,
        "dt_changed": counsel.dt_changed.isoformat(),
        "version": counsel.version,
        "preview": getattr(counsel, "preview", None) or "",
    }


def _dump_character_name(character: Character) -> Payload:
    return {
        "id": str(character.pk),
        "key": character.key,
        "name": character.local_name,
        "portrait_url": static(character.portrait) if character.portrait else "",
    }


def _dump_crisis(dialog: Dialog) -> Payload | None:
    if dialog.crisis_level < CARD_LEVEL:
        return None
    is_minor = dialog.user.is_minor
    korean, english = (
        crisis_card(dialog.crisis_level, dialog.crisis_kinds, is_minor=is_minor, language=language)
        for language in ("ko", "en")
    )
    lines = [
        {
            "number": line.number,
            "name": {"ko": line.name, "en": translated.name},
            "hours": {"ko": line.hours, "en": translated.hours},
            "tel": line.href,
            "sms": line.sms,
        }
        for line, translated in zip(korean.lines, english.lines, strict=True)
    ]
    card = {
        "code": korean.code,
        "title": {"ko": korean.title, "en": english.title},
        "body": {"ko": korean.body, "en": english.body},
        "lines": lines,
    }
    return {"level": dialog.crisis_level, "card": card}
