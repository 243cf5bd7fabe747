"""The door through which `chat` tells and asks about what was made of people's words (chat.derived.DerivedData)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import reverse

from chat.models import ConsentKind
from training.cycle.contributions import describe_contributions
from training.cycle.withdraw import withdraw_pairs, withdraw_review
from training.models import Pair, ReviewItem, Withdrawal, WithdrawalCause


def forget_consent(user_id: UUID, kind: str) -> None:
    """Without human review nothing that people wrote about the replies stays; without training, no pair does."""
    if kind == ConsentKind.HUMAN_REVIEW:
        _withdraw_everything(user_id, None, WithdrawalCause.CONSENT)
    elif kind == ConsentKind.TRAINING and Pair.objects.filter(user_id=user_id).exists():
        withdraw_pairs(Pair.objects.filter(user_id=user_id), user_id, WithdrawalCause.CONSENT)


def forget_words(user_id: UUID, counsel_id: UUID | None) -> str:
    cause = WithdrawalCause.ROOM if counsel_id else WithdrawalCause.ACCOUNT
    receipt = _withdraw_everything(user_id, counsel_id, cause)
    return reverse("training:receipt", args=[receipt.pk]) if receipt is not None else ""


def export(user_id: UUID) -> dict[str, Any]:
    return describe_contributions(user_id)


def _withdraw_everything(user_id: UUID, counsel_id: UUID | None, cause: WithdrawalCause) -> Withdrawal | None:
    items = ReviewItem.objects.filter(user_id=user_id)
    if counsel_id is not None:
        items = items.filter(reply__dialog__counsel_id=counsel_id)
    return withdraw_review(items, user_id, cause) if items.exists() else None
