"""The account over REST: profile, consents, tokens."""

import pytest
from django.core.cache import cache
from django.test import Client
from rest_framework.authtoken.models import Token

from chat.accounts.consents import get_consent_text
from chat.models import ConsentKind, User
from tests.builders import PASSWORD, build_character, build_user, get_consent_version

pytestmark = pytest.mark.django_db

TOKEN = "/api/v1/token/"


def obtain(client: Client, password: str = PASSWORD, login_id: str = "mina"):
    return client.post(TOKEN, {"login_id": login_id, "password": password}, content_type="application/json")


def test_profile_changes_name_gender_language_and_never_the_birth_date(client):
    user = build_user()
    client.force_login(user)
    change = {"name": "새이름", "gender": "female", "language": "en", "dt_birth": "2015-01-01", "is_staff": True}
    answer = client.patch("/api/v1/me/", change, content_type="application/json").json()
    assert (answer["name"], answer["gender"], answer["language"]) == ("새이름", "female", "en")
    stored = User.objects.get()
    assert (stored.dt_birth, stored.is_staff) == (user.dt_birth, False)


def test_consents_are_listed_with_their_texts_in_the_users_language(client):
    client.force_login(build_user(language="en", consents=["service"]))
    consents = {consent["kind"]: consent for consent in client.get("/api/v1/consents/").json()}
    assert list(consents) == list(ConsentKind)
    assert consents["service"]["is_granted"]
    assert consents["training"]["dt_decided"] is None
    assert consents["training"]["text"] == get_consent_text(ConsentKind.TRAINING, "en").body


def test_a_consent_is_given_and_taken_back(client):
    client.force_login(build_user())
    answers = [
        client.put(
            "/api/v1/consents/training/",
            {"is_granted": is_granted, "text_version": get_consent_version()},
            content_type="application/json",
        ).json()["is_granted"]
        for is_granted in (True, False)
    ]
    assert answers == [True, False]


def test_agreeing_to_an_outdated_text_is_a_conflict(client):
    client.force_login(build_user())
    decision = {"is_granted": True, "text_version": "1999-01-01"}
    answer = client.put("/api/v1/consents/training/", decision, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "consent_text_changed")


def test_an_unknown_kind_of_consent_is_not_found(client):
    client.force_login(build_user())
    assert client.put("/api/v1/consents/everything/", {}, content_type="application/json").status_code == 404


def test_a_token_opens_the_api_until_it_is_revoked(client):
    build_user()
    headers = {"authorization": f"Token {obtain(client).json()['token']}"}
    assert client.get("/api/v1/me/", headers=headers).json()["login_id"] == "mina"
    assert client.delete(TOKEN, headers=headers).status_code == 204
    assert client.get("/api/v1/me/", headers=headers).status_code == 401


def test_token_users_are_answered_in_their_own_language(client):
    token = Token.objects.create(user=build_user(language="en"))
    build_character()
    characters = client.get("/api/v1/characters/", headers={"authorization": f"Token {token.key}"}).json()
    assert characters[0]["introduction"] == "A friend who listens"


def test_wrong_password_and_unknown_login_get_the_same_answer(client):
    build_user()
    answers = [obtain(client, "틀림"), obtain(client, PASSWORD, "nobody")]
    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in answers] == [(401, "login_failed")] * 2


def test_a_closed_account_gets_no_token(client):
    build_user(is_active=False)
    assert obtain(client).status_code == 401


def test_guessing_passwords_for_tokens_runs_into_the_login_limit(client, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "3/300s/key"}
    build_user()
    statuses = [obtain(client, "틀림").status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]
    cache.delete_pattern("*")


def test_guessing_the_password_of_an_erasure_runs_into_the_login_limit(client, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "2/300s/key"}
    client.force_login(build_user())
    answers = [client.delete("/api/v1/me/", {"password": "틀림"}, content_type="application/json") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [403, 403, 429]
    assert int(answers[2].headers["Retry-After"]) > 0
