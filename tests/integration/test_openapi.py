"""The API keeps what its document says: no 5xx and no undocumented answer, whatever is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, settings
from rest_framework.authtoken.models import Token
from rest_framework.throttling import SimpleRateThrottle
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.builders import build_character, build_reply, build_room, build_turn, build_user

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
EXAMPLES = 15  # for each operation, with ids of one's own and again with any; about a minute in all
WITHOUT_STATE = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)

api = schemathesis.openapi.from_wsgi("/api/v1/schema/", get_wsgi_application())


@pytest.fixture
def open_connection(db: None) -> Iterator[None]:
    """Requests must not close the connection that holds the test's transaction; Django's test client does the same."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def world(open_connection: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A user with a room, and no throttles."""
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", dict.fromkeys(SimpleRateThrottle.THROTTLE_RATES))
    user, character = build_user(), build_character()
    counsel = build_room(user, character)
    build_turn(counsel, crisis_level=3, crisis_kinds=["suicide"])
    reply = build_reply(build_turn(counsel))
    token = Token.objects.create(user=user)
    return {
        "headers": {"Authorization": f"Token {token.key}"},
        "ids": {"character_id": str(character.pk), "counsel_id": str(counsel.pk), "reply_id": str(reply.pk)},
    }


@pytest.mark.parametrize("has_own_ids", [True, False])
@api.parametrize()
@WITHOUT_STATE
def test_answers_are_documented(case: schemathesis.Case, world: dict[str, Any], has_own_ids: bool) -> None:
    if has_own_ids:
        own = world["ids"]
        case.path_parameters = {name: own.get(name, value) for name, value in (case.path_parameters or {}).items()}
    case.call_and_validate(headers=world["headers"], checks=CHECKS)


@api.parametrize()
@settings(WITHOUT_STATE, max_examples=3)
def test_answers_to_strangers_are_documented(case: schemathesis.Case, world: dict[str, Any]) -> None:
    case.call_and_validate(headers={"Authorization": "Token no-such-token"}, checks=CHECKS)


def test_the_document_builds_without_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    SchemaGenerator().get_schema(public=True)
    assert capsys.readouterr().err == ""


def test_every_operation_documents_its_refusals() -> None:
    paths = SchemaGenerator().get_schema(public=True)["paths"]
    always = {"401", "403", "404", "406", "429", "503"}
    lacking = [
        (path, method)
        for path, operations in paths.items()
        for method, operation in operations.items()
        if not always <= set(operation["responses"])
    ]
    assert lacking == []


def test_the_page_of_the_api_shows_the_document_from_our_own_server(client: Any) -> None:
    answer = client.get("/api/v1/docs/")
    content = answer.content.decode()
    assert "http://" not in content.replace("http://testserver", "")
    assert "https://" not in content
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert b"/api/v1/schema/" in client.get("/api/v1/docs/?script=").content
