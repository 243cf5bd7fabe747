"""The door through which `chat` tells and asks about what was made of people's words (chat.derived.DerivedData)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import reverse

from training.cycle.contributions import describe_contributions
from training.cycle.withdraw import withdraw_review, withdraw_training
from training.models import WithdrawalCause
from training.models.consents import NEEDED_FOR_REVIEW, NEEDED_FOR_TRAINING


def forget_consent(user_id: UUID, kind: str) -> None:
    """Without a consent that review needs, nothing stays of what people wrote about the replies.

    Without one that training needs, no pair does.
    """
    if kind in NEEDED_FOR_REVIEW:
        withdraw_review(user_id, WithdrawalCause.CONSENT)
    if kind in NEEDED_FOR_TRAINING:
        withdraw_training(user_id)


def forget_words(user_id: UUID, counsel_id: UUID | None) -> str:
    cause = WithdrawalCause.ROOM if counsel_id else WithdrawalCause.ACCOUNT
    receipt = withdraw_review(user_id, cause, counsel_id=counsel_id)
    return reverse("training:receipt", args=[receipt.pk]) if receipt is not None else ""


def export(user_id: UUID) -> dict[str, Any]:
    return describe_contributions(user_id)
