"""One shape for every refusal: a stable code, Korean and English, and which field."""

import pytest
from django.db import OperationalError
from django.test import Client
from rest_framework.throttling import SimpleRateThrottle

from tests.builders import build_user

pytestmark = pytest.mark.django_db


def get_error(answer) -> dict:
    error = answer.json()["error"]
    assert set(error["message"]) == {"ko", "en"}
    return error


@pytest.fixture
def logged_in(client) -> Client:
    client.force_login(build_user())
    return client


def test_who_is_not_logged_in_learns_so(client):
    answer = client.get("/api/v1/me/")
    assert (answer.status_code, get_error(answer)["code"]) == (401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"] == "Token"


def test_session_requests_without_the_csrf_token_are_refused():
    client = Client(enforce_csrf_checks=True)
    client.force_login(build_user())
    answer = client.post("/api/v1/counsels/", {}, content_type="application/json")
    assert (answer.status_code, get_error(answer)["code"]) == (403, "permission_denied")


@pytest.mark.parametrize("address", ["no/such/", "counsels/not-a-uuid/", "characters"])
def test_unknown_addresses_are_json_too(logged_in, address):
    answer = logged_in.get(f"/api/v1/{address}")
    assert (answer.status_code, get_error(answer)["code"]) == (404, "not_found")


def test_wrong_method_says_which_are_allowed(logged_in):
    answer = logged_in.post("/api/v1/characters/")
    assert (answer.status_code, get_error(answer)["code"]) == (405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]


def test_broken_json_is_named(logged_in):
    answer = logged_in.generic("PATCH", "/api/v1/me/", "{", content_type="application/json")
    assert (answer.status_code, get_error(answer)["code"]) == (400, "bad_json")


def test_other_media_types_are_refused(logged_in):
    answer = logged_in.generic("PATCH", "/api/v1/me/", "name=x", content_type="text/plain")
    assert (answer.status_code, get_error(answer)["code"]) == (415, "unsupported_media_type")


def test_other_answers_than_json_are_not_on_offer(logged_in):
    answer = logged_in.get("/api/v1/me/", headers={"accept": "text/html"})
    assert (answer.status_code, get_error(answer)["code"]) == (406, "not_acceptable")


def test_each_wrong_field_is_named_in_both_languages(logged_in):
    answer = logged_in.patch("/api/v1/me/", {"name": "", "gender": "x"}, content_type="application/json")
    fields = get_error(answer)["fields"]
    assert {name: [problem["code"] for problem in problems] for name, problems in fields.items()} == {
        "name": ["blank"],
        "gender": ["invalid_choice"],
    }
    assert fields["name"][0]["message"]["en"] == "This field may not be blank."


def test_a_body_that_is_no_object_is_refused(logged_in):
    answer = logged_in.patch("/api/v1/me/", [1], content_type="application/json")
    assert (answer.status_code, get_error(answer)["code"]) == (400, "invalid")


def test_throttling_counts_per_user_and_says_when_to_return(logged_in, monkeypatch):
    rates = {**SimpleRateThrottle.THROTTLE_RATES, "user": "2/min"}
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", rates)
    statuses = [logged_in.get("/api/v1/characters/").status_code for _ in range(3)]
    answer = logged_in.get("/api/v1/characters/")
    assert statuses == [200, 200, 429]
    assert get_error(answer)["code"] == "too_frequent"
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    other = Client()
    other.force_login(build_user("other1"))
    assert other.get("/api/v1/characters/").status_code == 200


def test_a_database_that_is_away_is_a_503(logged_in, monkeypatch):
    def fail(*args):
        raise OperationalError

    monkeypatch.setattr("chat.api.consents.list_consents", fail)
    answer = logged_in.get("/api/v1/consents/")
    assert (answer.status_code, get_error(answer)["code"]) == (503, "unavailable")
