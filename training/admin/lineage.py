"""One page, both directions: where a reply or an adapter comes from, and what became of a message.

Texts stand here masked, and only of users who let people read along; those of a crisis for clinical reviewers only.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from chat.admin.row_page import get_person
from chat.models import Adapter, Dialog, Reply, User
from training.admin.readable import find_readable_pairs, may_read_turn
from training.cycle.lineage import Ancestry, trace_adapter, trace_dialog, trace_reply
from training.cycle.masked_room import MaskedDialog, read_masked_room
from training.models.consents import list_users_allowing_review

SEES_LINEAGE: Final = "training.view_pair"
ASKED: Final = ("reply", "dialog", "adapter")


def show_lineage(request: HttpRequest) -> HttpResponse:
    person = get_person(request, SEES_LINEAGE)
    request.current_app = admin.site.name
    asked = {name: request.GET.get(name, "").strip() for name in ASKED}
    context: dict[str, Any] = {**admin.site.each_context(request), "title": _("계보"), "asked": asked}
    kind = next((name for name in ASKED if asked[name]), "")
    if kind:
        try:
            context |= {"reply": trace_one_reply, "dialog": trace_one_dialog, "adapter": trace_one_adapter}[kind](
                asked[kind], person
            )
        except (ValueError, Http404):
            messages.warning(request, _("그런 것이 없어요. 번호를 확인해 주세요."))
    return render(request, "training/lineage.html", context)


def trace_one_reply(reply_id: str, person: User) -> dict[str, Any]:
    """Raises ValueError, Http404."""
    reply = get_object_or_404(Reply.objects.select_related("dialog"), pk=UUID(reply_id))
    turn = find_readable_turn(reply.dialog, person)
    return {
        **tell_ancestry(trace_reply(reply), person),
        "message": turn.message if turn else "",
        "answer": turn.replies.get(reply.pk, "") if turn else "",
        **tell_why_hidden(reply.dialog, person, turn),
    }


def trace_one_adapter(asked: str, person: User) -> dict[str, Any]:
    """By id, or by name@digest. Raises ValueError, Http404."""
    by = {"name": asked} if "@" in asked else {"pk": UUID(asked)}
    return tell_ancestry(trace_adapter(get_object_or_404(Adapter, **by)), person)


def tell_ancestry(ancestry: Ancestry, person: User) -> dict[str, Any]:
    return {"ancestry": ancestry, "readable_pairs": find_readable_pairs(ancestry.pairs, person)}


def trace_one_dialog(dialog_id: str, person: User) -> dict[str, Any]:
    """Raises ValueError, Http404."""
    dialog = get_object_or_404(Dialog, pk=UUID(dialog_id))
    turn = find_readable_turn(dialog, person)
    descendants = trace_dialog(dialog.pk)
    return {
        "descendants": descendants,
        "replies_given": sorted(descendants.replies_given.items()),
        "message": turn.message if turn else "",
        "answer": turn.answer if turn else "",
        **tell_why_hidden(dialog, person, turn),
    }


def find_readable_turn(dialog: Dialog, person: User) -> MaskedDialog | None:
    """None where its user does not let people read along, and of a crisis for whoever is no clinical reviewer."""
    if not may_read_turn(dialog, person):
        return None
    if not list_users_allowing_review().filter(pk=dialog.user_id).exists():
        return None
    room = read_masked_room(dialog.counsel_id, up_to_seq=dialog.seq)
    return next((turn for turn in room if turn.dialog_id == dialog.pk), None)


def tell_why_hidden(dialog: Dialog, person: User, turn: MaskedDialog | None) -> dict[str, bool]:
    return {"is_readable": turn is not None, "is_clinical": not may_read_turn(dialog, person)}


def list_urls() -> list[URLPattern]:
    return [path("training/lineage/", admin.site.admin_view(show_lineage), name="training_lineage")]


admin.site.extra_urls = list_urls  # type: ignore[attr-defined]
