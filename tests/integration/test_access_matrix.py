"""Who gets what answer at every route of the resolver. A route or method without a row here fails the build.

Roles: nobody logged in, the owner of what the address names, another user, a superuser (whose powers end at the
admin: the rooms of others do not exist for staff either).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.converters import UUIDConverter

from tests.builders import (
    PASSWORD,
    build_character,
    build_reply,
    build_room,
    build_turn,
    build_user,
    get_consent_version,
)

ROLES = ("anonymous", "owner", "other", "superuser")
EVERYBODY = (200, 200, 200, 200)
NOT_HERE = (404, 404, 404, 404)
LOGGED_IN = (401, 200, 200, 200)
OWNER_ONLY = (401, 200, 404, 404)
OWNER_DELETES = (401, 204, 404, 404)
OWN_GOES = (401, 204, 204, 204)
TRAINERS_ONLY = (401, 403, 403, 200)
PAGE = (302, 200, 200, 200)
NOBODY = UUID(int=0)
GUEST_PAGE = (200, 302, 302, 302)
MOVES_ON = (302, 302, 302, 302)

MATRIX: dict[tuple[str, str], tuple[int, int, int, int]] = {
    # API
    ("GET", "api:characters"): LOGGED_IN,
    ("GET", "api:character"): LOGGED_IN,
    ("GET", "api:counsels"): LOGGED_IN,
    ("POST", "api:counsels"): (401, 201, 201, 201),
    ("GET", "api:counsel"): OWNER_ONLY,
    ("PATCH", "api:counsel"): OWNER_ONLY,
    ("DELETE", "api:counsel"): OWNER_DELETES,
    ("POST", "api:counsel-end"): OWNER_ONLY,
    ("GET", "api:dialogs"): OWNER_ONLY,
    ("PUT", "api:feedback"): OWNER_ONLY,
    ("DELETE", "api:feedback"): OWNER_DELETES,
    ("GET", "api:me"): LOGGED_IN,
    ("PATCH", "api:me"): LOGGED_IN,
    ("DELETE", "api:me"): LOGGED_IN,
    ("GET", "api:export"): LOGGED_IN,
    ("GET", "api:consents"): LOGGED_IN,
    ("PUT", "api:consent"): LOGGED_IN,
    ("POST", "api:token"): EVERYBODY,
    ("DELETE", "api:token"): OWN_GOES,
    ("GET", "api:schema"): EVERYBODY,
    ("GET", "api:docs"): EVERYBODY,
    ("GET", "api:unknown"): NOT_HERE,
    # training's API: for trainers only, whoever the run is about
    ("GET", "training-api:runs"): TRAINERS_ONLY,
    ("POST", "training-api:runs"): (401, 403, 403, 400),
    ("GET", "training-api:run"): (401, 403, 403, 404),
    ("POST", "training-api:run-cancel"): (401, 403, 403, 404),
    # what became of one's words
    ("GET", "training:contributions"): PAGE,
    ("GET", "training:withdraw"): (405, 405, 405, 405),  # POST: tests/integration/test_withdrawal.py
    ("GET", "training:receipt"): NOT_HERE,
    # pages
    ("GET", "chat:home"): MOVES_ON,
    ("GET", "chat:characters"): PAGE,
    ("GET", "chat:room"): (302, 200, 404, 404),
    ("GET", "chat:privacy"): PAGE,
    ("GET", "chat:safety"): EVERYBODY,
    ("GET", "chat:language"): MOVES_ON,
    # accounts
    ("GET", "account_login"): GUEST_PAGE,
    ("GET", "account_signup"): GUEST_PAGE,
    ("GET", "account_logout"): PAGE,
    ("GET", "account_inactive"): EVERYBODY,
    ("GET", "account_reauthenticate"): PAGE,
    ("GET", "account_email"): PAGE,
    ("GET", "account_email_verification_sent"): EVERYBODY,
    ("GET", "account_confirm_email"): EVERYBODY,
    ("GET", "account_change_password"): PAGE,
    ("GET", "account_set_password"): MOVES_ON,
    ("GET", "account_reset_password"): EVERYBODY,
    ("GET", "account_reset_password_done"): EVERYBODY,
    ("GET", "account_reset_password_from_key"): EVERYBODY,
    ("GET", "account_reset_password_from_key_done"): EVERYBODY,
    ("GET", "account_confirm_login_code"): MOVES_ON,
    # the rest
    ("GET", "health"): EVERYBODY,
}

# Admin pages that show nothing of anybody.
OPEN_TO_EVERY_CLERK = ("admin:index", "admin:jsi18n", "admin:login", "admin:password_change_done", "admin:search")

BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "api:counsels"): {"character_id": "{character_id}"},
    ("PATCH", "api:counsel"): {"title": "새 이름"},
    ("PUT", "api:feedback"): {"value": "up"},
    ("PATCH", "api:me"): {"name": "다른 이름"},
    ("DELETE", "api:me"): {"password": PASSWORD},
    ("PUT", "api:consent"): {"is_granted": True, "text_version": get_consent_version()},
    ("POST", "api:token"): {"login_id": "owner", "password": PASSWORD},
}


def list_routes(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from list_routes(pattern, f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace)
        else:
            yield f"{namespace}{pattern.name}", pattern


def list_methods(pattern: URLPattern) -> list[str]:
    view_class = getattr(pattern.callback, "cls", None)
    if view_class is None:
        return ["GET"]
    methods = [name.upper() for name in ("get", "post", "put", "patch", "delete") if hasattr(view_class, name)]
    return methods or ["GET"]


ROUTES = [
    (method, name, pattern)
    for name, pattern in list_routes(get_resolver())
    if not name.startswith("admin:")
    for method in list_methods(pattern)
]
ADMIN_ROUTES = [(name, pattern) for name, pattern in list_routes(get_resolver()) if name.startswith("admin:")]


@pytest.fixture
def world() -> dict[str, Any]:
    owner = build_user("owner")
    character = build_character()
    counsel = build_room(owner, character)
    reply = build_reply(build_turn(counsel))
    return {
        "users": {
            "owner": owner,
            "other": build_user("other"),
            "superuser": build_user("super", is_staff=True, is_superuser=True),
        },
        "character_id": character.pk,
        "counsel_id": counsel.pk,
        "reply_id": reply.pk,
        "kind": "training",
        "key": "no-such-key",
        "run_id": NOBODY,
        "withdrawal_id": NOBODY,
        "dialog_id": reply.dialog_id,
        "uidb36": "1",
    }


def find_admin_address(name: str, pattern: URLPattern) -> str:
    """Of a row that does not exist."""
    arguments: dict[str, Any] = {}
    for key in pattern.pattern.regex.groupindex:
        is_id = isinstance(pattern.pattern.converters.get(key), UUIDConverter)
        arguments[key] = "auth" if key == "app_label" else NOBODY if is_id else "999999"
    return "/admin/no/such/" if name == "admin:None" else reverse(name, kwargs=arguments)


def call(world: dict[str, Any], role: str, method: str, name: str, pattern: URLPattern) -> int:
    client = Client()
    if role != "anonymous":
        client.force_login(world["users"][role])
    arguments = {key: world[key] for key in pattern.pattern.regex.groupindex}
    address = "/api/v1/no/such/" if name == "api:unknown" else reverse(name, kwargs=arguments)
    body = {
        key: str(world["character_id"]) if value == "{character_id}" else value
        for key, value in BODIES.get((method, name), {}).items()
    }
    if not body:
        return client.generic(method, address).status_code
    return client.generic(method, address, json.dumps(body), content_type="application/json").status_code


def test_every_route_and_method_has_a_row_and_every_row_a_route():
    assert {(method, name) for method, name, _ in ROUTES} == set(MATRIX)


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "name", "pattern"), ROUTES, ids=[f"{m} {n}" for m, n, _ in ROUTES])
def test_answer(world, role, method, name, pattern):
    assert call(world, role, method, name, pattern) == MATRIX[method, name][ROLES.index(role)]


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["anonymous", "owner", "clerk"])
@pytest.mark.parametrize(("name", "pattern"), ADMIN_ROUTES, ids=[name for name, _ in ADMIN_ROUTES])
def test_no_admin_page_opens_without_its_permission(client, role, name, pattern):
    users = {"owner": {}, "clerk": {"is_staff": True}}
    if role in users:
        client.force_login(build_user(role, **users[role]))
    address = find_admin_address(name, pattern)
    is_open = role == "clerk" and name in OPEN_TO_EVERY_CLERK
    allowed = {200, 302} if is_open else {302, 403, 404, 405}
    assert client.get(address).status_code in allowed
