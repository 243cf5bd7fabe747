"""Signing up, logging in and out, changing passwords: through allauth's pages, on real sessions."""

from datetime import date

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.test import Client
from rest_framework.authtoken.models import Token

from chat.models import Consent, ConsentKind, Session, User
from tests.builders import PASSWORD, build_user

pytestmark = pytest.mark.django_db

SIGNUP = "/accounts/signup/"
LOGIN = "/accounts/login/"
NEW_PASSWORD = "다른-바다-8-등대지기"


def fill_in(**changes: str) -> dict[str, str]:
    return {
        "username": "haru.kim",
        "password1": PASSWORD,
        "password2": PASSWORD,
        "name": "하루",
        "dt_birth": "1999-03-02",
        "gender": "undisclosed",
        "language": "ko",
        "consent_service": "on",
        "consent_sensitive": "on",
        **changes,
    }


def log_in(client: Client, password: str = PASSWORD, login_id: str = "mina"):
    return client.post(LOGIN, {"login": login_id, "password": password})


def test_sign_up_stores_the_profile_and_logs_in(client):
    answer = client.post(SIGNUP, fill_in(email="haru@example.org"))
    user = User.objects.get(login_id="haru.kim")
    assert answer.status_code == 302
    assert (user.name, user.dt_birth, user.language, user.email) == (
        "하루", date(1999, 3, 2), "ko", "haru@example.org"
    )  # fmt: skip
    assert client.session["_auth_user_id"] == str(user.pk)


def test_sign_up_records_all_five_decisions(client):
    client.post(SIGNUP, fill_in(consent_training="on"))
    decided = dict(Consent.objects.filter(user__login_id="haru.kim").values_list("kind", "is_granted"))
    assert decided == {
        "service": True, "sensitive": True, "human_review": False, "training": True, "overseas": False
    }  # fmt: skip


def test_no_consent_is_ticked_beforehand(client):
    form = client.get(SIGNUP).context["form"]
    ticked = [kind for kind in ConsentKind if form[f"consent_{kind}"].value()]
    assert ticked == []


def test_without_the_two_consents_one_is_led_to_the_privacy_page(client):
    data = fill_in()
    del data["consent_sensitive"]
    assert client.post(SIGNUP, data).url == "/privacy/"


def test_with_the_two_consents_one_is_led_home(client):
    assert client.post(SIGNUP, fill_in()).url == "/"


@pytest.mark.parametrize("login_id", ["HARU.kim", "Haru.Kim", "haru.kim"])
def test_login_id_is_unique_in_any_case(client, login_id):
    build_user("haru.kim")
    form = client.post(SIGNUP, fill_in(username=login_id)).context["form"]
    assert "이미 누가 쓰고 있는 아이디" in str(form.errors["username"])


@pytest.mark.parametrize("login_id", ["abc", "-haru", "하루하루", "haru kim", "h" * 31, "haru\n"])
def test_login_id_of_the_wrong_form_is_refused(client, login_id):
    client.post(SIGNUP, fill_in(username=login_id))
    assert not User.objects.filter(name="하루").exclude(login_id="haru").exists()


def test_two_accounts_without_an_email_may_exist(client):
    build_user("other1")
    client.post(SIGNUP, fill_in())
    assert User.objects.filter(email="").count() == 2


def test_a_given_email_is_unique_in_any_case(client):
    build_user("other1", email="haru@example.org")
    form = client.post(SIGNUP, fill_in(email="HARU@example.org")).context["form"]
    assert "email" in form.errors


@pytest.mark.parametrize("born", ["1890-01-01", "2999-01-01"])
def test_impossible_birth_dates_are_refused(client, born):
    assert "dt_birth" in client.post(SIGNUP, fill_in(dt_birth=born)).context["form"].errors


def test_the_day_before_the_fourteenth_birthday_is_refused_with_the_reason(client, freeze_today):
    freeze_today(date(2026, 11, 21))
    answer = client.post(SIGNUP, fill_in(dt_birth="2012-11-22"))
    assert "1388" in str(answer.context["form"].errors["dt_birth"])
    assert not User.objects.exists()


def test_the_fourteenth_birthday_is_let_in(client, freeze_today):
    freeze_today(date(2026, 11, 21))
    client.post(SIGNUP, fill_in(dt_birth="2012-11-21"))
    assert User.objects.get().dt_birth == date(2012, 11, 21)


def test_log_in_works_in_any_case(client):
    build_user("mina")
    assert log_in(client, login_id="MINA").status_code == 302
    assert "_auth_user_id" in client.session


def test_session_row_knows_its_user(client):
    user = build_user()
    log_in(client)
    assert Session.objects.get().user_id == user.pk


def test_logout_ends_this_session_only_and_nudges_afterwards(client, nudges):
    user, elsewhere = build_user(), Client()
    log_in(client), log_in(elsewhere)
    client.post("/accounts/logout/")
    assert Session.objects.filter(user=user).count() == 1
    assert nudges == [(user.pk, "session", 1)]


def test_password_change_ends_every_other_session_and_token(client, nudges):
    user, elsewhere = build_user(), Client()
    log_in(client), log_in(elsewhere)
    Token.objects.create(user=user)
    passwords = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert client.post("/accounts/password/change/", passwords).status_code == 302
    assert client.get("/api/v1/me/").status_code == 200
    assert elsewhere.get("/api/v1/me/").status_code == 401
    assert not Token.objects.exists()
    assert nudges[0][:2] == (user.pk, "session")


def test_another_ones_email_cannot_be_added(client):
    build_user("other1", email="haru@example.org")
    client.force_login(build_user())
    form = client.post("/accounts/email/", {"action_add": "", "email": "Haru@example.org"}).context["form"]
    assert "email" in form.errors


def test_forgotten_password_is_reset_by_mail(client):
    user = build_user(email="mina@example.org")
    EmailAddress.objects.create(user=user, email=user.email, primary=True)
    client.post("/accounts/password/reset/", {"email": "Mina@example.org"})
    link = next(word for word in mail.outbox[0].body.split() if "/password/reset/key/" in word)
    form = client.get(link, follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert log_in(Client(), NEW_PASSWORD).status_code == 302


def test_repeated_wrong_passwords_lock_the_login_for_a_while(client, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "5/300s/key"}
    cache.delete_pattern("*")
    build_user()
    for _ in range(5):
        log_in(client, "틀린-비밀번호")
    assert "여러 번 실패" in str(log_in(client).context["form"].errors)
    cache.delete_pattern("*")


def test_own_language_beats_the_browser(client):
    client.force_login(build_user(language="en"))
    answer = client.get("/accounts/password/change/", headers={"accept-language": "ko"})
    assert answer.headers["Content-Language"] == "en"


def test_before_login_the_browser_decides(client):
    answer = client.get(LOGIN, headers={"accept-language": "en"})
    assert answer.headers["Content-Language"] == "en"
