"""What became of a user's words, for that user: what was looked at, what was learned from, who opened it unmasked."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from chat.models import Dialog, User, granted_kinds
from training.cycle.contributions import describe_contributions
from training.cycle.retrain import is_any_serving
from training.cycle.withdraw import withdraw_review
from training.models import Withdrawal, WithdrawalCause
from training.models.consents import NEEDED_FOR_REVIEW


@require_safe
@login_required
def show_contributions(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    context = {
        **describe_contributions(user.pk),
        "allows_review": granted_kinds(user.pk).issuperset(NEEDED_FOR_REVIEW),
        "causes": WithdrawalCause,
    }
    return render(request, "training/contributions.html", context)


@require_POST
@login_required
def withdraw_contribution(request: HttpRequest, dialog_id: UUID) -> HttpResponse:
    """One turn of the talk: what experts wrote about its answers goes, and all that was made of it."""
    user = cast(User, request.user)
    dialog = get_object_or_404(Dialog, pk=dialog_id, user=user)
    withdraw_review(user.pk, WithdrawalCause.FEEDBACK, dialog_id=dialog.pk)
    return redirect("training:contributions")


@require_safe
def show_receipt(request: HttpRequest, withdrawal_id: UUID) -> HttpResponse:
    """Without an account, too: it says what was removed, and nothing about whose it was."""
    receipt = get_object_or_404(Withdrawal, pk=withdrawal_id)
    context = {"receipt": receipt, "is_serving": is_any_serving(receipt.adapters)}
    answer = render(request, "training/receipt.html", context)
    answer["Cache-Control"] = "no-store"
    return answer
