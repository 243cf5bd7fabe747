"""Consents: the texts that hold today (`chat/consent_texts/`), and the one way to give or take back one."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import get_language

from chat.derived import forget_consent
from chat.errors import ChatError
from chat.models import LIVE_STATES, REQUIRED_TO_CHAT, Consent, ConsentKind, Counsel, Reply, User, granted_kinds
from chat.replies.stop import request_stop

TEXTS_FOLDER: Final = Path(__file__).resolve().parent.parent / "consent_texts"
TEXT_FORM: Final = re.compile(r"\A---\n(?P<head>.*?)\n---\n+(?P<body>.+)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ConsentText:
    """What a person is asked, in one language, word for word. The digest is over the whole file."""

    kind: ConsentKind
    language: str
    version: str
    title: str
    summary: str
    body: str  # Markdown
    sha256: str


@dataclass(frozen=True, slots=True)
class ConsentStatus:
    """Where a user stands on one kind: the newest decision, if there is any, beside the text of today."""

    text: ConsentText
    decision: Consent | None

    @property
    def is_granted(self) -> bool:
        return self.decision is not None and self.decision.is_granted


@cache
def get_consent_text(kind: ConsentKind, language: str) -> ConsentText:
    """Raises ValueError for a file without its head, FileNotFoundError for a language that has none."""
    content = (TEXTS_FOLDER / f"{kind}.{language}.md").read_text(encoding="utf-8")
    match = TEXT_FORM.match(content)
    if match is None:
        raise ValueError(f"{kind}.{language}.md does not begin with its head between two lines of ---")
    head = dict(line.split(": ", 1) for line in match["head"].splitlines())
    return ConsentText(
        kind=kind,
        language=language,
        version=head["version"],
        title=head["title"],
        summary=head["summary"],
        body=match["body"].strip(),
        sha256=hashlib.sha256(content.encode()).hexdigest(),
    )


def get_local_text(kind: ConsentKind) -> ConsentText:
    return get_consent_text(kind, "en" if get_language() == "en" else "ko")


def list_consents(user_id: UUID) -> list[ConsentStatus]:
    """All five kinds in their fixed order, in the active language."""
    newest = {consent.kind: consent for consent in Consent.objects.filter(user_id=user_id).current()}
    return [ConsentStatus(get_local_text(kind), newest.get(kind)) for kind in ConsentKind]


@transaction.atomic
def decide_consent(user: User, kind: ConsentKind, *, is_granted: bool, text_version: str) -> ConsentStatus:
    """Write one decision into the ledger. Raises ChatError consent_text_changed when another text was agreed to.

    The user row is locked, so that two decisions at once get an order and the ledger keeps both.
    """
    # Rooms first, as everywhere: no message is accepted while its writer takes the consent back.
    list(Counsel.objects.select_for_update().filter(user_id=user.pk).order_by("pk").values_list("pk"))
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    text = get_local_text(kind)
    if is_granted and text_version != text.version:
        raise ChatError("consent_text_changed")
    decision = Consent.objects.create(
        user=user, kind=kind, is_granted=is_granted, text_version=text.version, text_sha256=text.sha256
    )
    if not is_granted and kind in REQUIRED_TO_CHAT:
        _stop_writing_to(user.pk)
    if not is_granted:
        forget_consent(user.pk, kind)
    return ConsentStatus(text, decision)


def may_chat(user_id: UUID) -> bool:
    return granted_kinds(user_id) >= REQUIRED_TO_CHAT


def _stop_writing_to(user_id: UUID) -> None:
    """Without its two consents no reply may go on being made out of this user's words."""
    for reply_id in Reply.objects.filter(dialog__user_id=user_id, state__in=LIVE_STATES).values_list("pk", flat=True):
        try:
            request_stop(user_id, reply_id)
        except ChatError as error:
            if error.code != "reply_not_live":  # it ended meanwhile, which is what was asked
                raise
