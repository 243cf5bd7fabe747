"""The pages, as shells: what a page shows beyond its frame, its script reads from /api/v1/ and the socket."""

from __future__ import annotations

from typing import Any, Final, cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from chat.accounts.consents import may_chat
from chat.models import Character, Counsel, User
from chat.page_words import list_feedback_reasons, list_picker_words, list_privacy_words, list_room_words
from chat.replies.text_limits import MAX_CHARACTERS
from chat.understanding.crisis_card import list_rows

API_ROOT: Final = "/api/v1/"
SOCKET_ADDRESS: Final = "/ws/v1/"
ANY_ROOM: Final = UUID(int=0)
"""Stands for a room's id in the address pattern that the scripts fill in."""


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    newest = Counsel.objects.filter(user=_user(request), dt_end=None).order_by("-dt_changed").first()
    return redirect("chat:room", newest.pk) if newest else redirect("chat:characters")


@require_safe
@login_required
def pick_character(request: HttpRequest) -> HttpResponse:
    characters = Character.objects.filter(is_live=True)
    context = {
        "characters": characters,
        "may_chat": may_chat(_user(request).pk),
        "words": list_picker_words(),
        "page": _describe_page(request),
    }
    return render(request, "chat/characters.html", context)


@require_safe
@login_required
def show_room(request: HttpRequest, counsel_id: UUID) -> HttpResponse:
    rooms = Counsel.objects.owned_by(_user(request).pk).select_related("character")
    counsel = get_object_or_404(rooms, pk=counsel_id)
    context = {
        "counsel": counsel,
        "character": counsel.character,
        "may_chat": may_chat(_user(request).pk),
        "words": list_room_words(),
        "page": _describe_page(request) | _describe_room(counsel),
    }
    return render(request, "chat/room.html", context)


@require_safe
@login_required
def show_privacy(request: HttpRequest) -> HttpResponse:
    context = {
        "genders": User.Gender.choices,
        "languages": User.Language.choices,
        "may_chat": may_chat(_user(request).pk),
        "words": list_privacy_words(),
        "page": _describe_page(request),
    }
    return render(request, "chat/privacy.html", context)


@require_safe
def show_safety(request: HttpRequest) -> HttpResponse:
    tongue = "en" if get_language() == "en" else "ko"
    lines = [{"row": row, "name": row.names[tongue], "hours": row.hours[tongue]} for row in list_rows()]
    return render(request, "chat/safety.html", {"lines": lines})


def _user(request: HttpRequest) -> User:
    """For views behind `login_required`, after which nobody is anonymous."""
    return cast(User, request.user)


def _describe_page(request: HttpRequest) -> dict[str, Any]:
    return {
        "user_id": str(_user(request).pk),
        "language": get_language(),
        "urls": {
            "api": API_ROOT,
            "home": reverse("chat:home"),
            "login": reverse("account_login"),
            "room": reverse("chat:room", args=[ANY_ROOM]),
            "any_id": str(ANY_ROOM),
            "privacy": reverse("chat:privacy"),
            "socket": SOCKET_ADDRESS,
        },
    }


def _describe_room(counsel: Counsel) -> dict[str, Any]:
    return {
        "counsel_id": str(counsel.pk),
        "title": counsel.title,
        "is_ended": counsel.dt_end is not None,
        "character": {"name": counsel.character.local_name, "portrait_url": static(counsel.character.portrait)},
        "limits": {"message_characters": MAX_CHARACTERS},
        "reasons": list_feedback_reasons(),
    }
