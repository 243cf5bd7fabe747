"""The admin: nobody's words in it, characters that work, and sessions that end with the powers they had."""

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.urls import reverse
from rest_framework.authtoken.models import Token

from chat.models import Character, Consent, Counsel, Dialog, Reply, Session, User
from tests.builders import build_character, build_reply, build_room, build_turn, build_user

pytestmark = pytest.mark.django_db

MARK = "속마음7391"
INLINE = re.compile(r"<script(?![^>]*(\bsrc=|application/json))|\son\w+=|\sstyle=|<style", re.IGNORECASE)


@pytest.fixture
def superuser(client) -> User:
    user = build_user("chief", is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


@pytest.fixture
def told() -> Counsel:
    """A room in which every text is the marker."""
    counsel = build_room(build_user("mina", email="geheim@example.org"))
    counsel.title = MARK
    counsel.save()
    build_reply(build_turn(counsel, MARK, dialog_emotion=MARK, past_dialog=MARK, change_dialog=MARK), MARK)
    return counsel


def address(model, page: str, *args) -> str:
    return reverse(f"admin:chat_{model._meta.model_name}_{page}", args=args)


def fill_in(character: Character, **changes: str) -> dict[str, str]:
    form = admin.site.get_model_admin(Character).form(instance=character)
    values = {name: field.prepare_value(form[name].initial) for name, field in form.fields.items()}
    return {name: value for name, value in (values | changes).items() if value is not None and value is not False}


@pytest.mark.parametrize("model", [User, Counsel, Dialog, Reply, Consent])
def test_no_page_shows_what_a_user_wrote_or_was_told(client, superuser, told, model):
    pages = [address(model, "changelist")]
    pages += [address(model, "change", row.pk) for row in model.objects.all()]
    pages += [address(model, "history", row.pk) for row in model.objects.all()]
    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 200
        assert MARK not in answer.content.decode()
        assert "geheim@example.org" not in answer.content.decode()


def test_every_list_page_opens_under_the_content_security_policy(client, superuser, told):
    for model in admin.site._registry:
        page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert not INLINE.search(answer.content.decode()), page


def test_the_character_form_opens_under_the_content_security_policy(client, superuser):
    answer = client.get(address(Character, "change", build_character().pk))
    assert not INLINE.search(answer.content.decode())


@pytest.mark.parametrize("model", [Counsel, Dialog, Reply, Consent])
def test_records_cannot_be_changed_added_or_deleted(client, superuser, told, model):
    row = model.objects.first()
    assert client.post(address(model, "change", row.pk), {}).status_code == 403
    assert client.get(address(model, "add")).status_code == 403
    assert client.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403


def test_anonymous_staff_are_sent_to_the_rate_limited_login(client):
    assert client.get("/admin/login/?next=/admin/").url == "/accounts/login/?next=%2Fadmin%2F"


def test_logging_out_of_the_admin_ends_the_session(client, superuser):
    assert client.post("/admin/logout/").url == "/accounts/login/"
    assert not Session.objects.filter(user=superuser).exists()


def test_closing_an_account_ends_its_sessions_and_tokens(client, superuser, nudges):
    user = build_user("mina")
    client.__class__().force_login(user)
    Token.objects.create(user=user)
    client.post(address(User, "change", user.pk), {})
    user.refresh_from_db()
    assert not user.is_active
    assert not Session.objects.filter(user=user).exists()
    assert not Token.objects.exists()
    assert nudges == [(user.pk, "session", 0)]


def test_a_clerk_can_neither_raise_nor_close_colleagues(client):
    clerk = build_user("clerk", is_staff=True)
    clerk.user_permissions.set(_user_permissions())
    client.force_login(clerk)
    client.post(address(User, "change", clerk.pk), {"is_superuser": "on", "is_active": "on"})
    chief = build_user("chief", is_staff=True, is_superuser=True)
    client.post(address(User, "change", chief.pk), {})
    assert not User.objects.get(pk=clerk.pk).is_superuser
    assert User.objects.get(pk=chief.pk).is_active


def _user_permissions():
    return Permission.objects.filter(content_type__app_label="chat", codename__in=["view_user", "change_user"])


def test_a_character_is_edited_with_one_greeting_a_line(client, superuser):
    character = build_character(portrait=_some_portrait())
    greetings = "\r\n".join(f"반가워요, {number}번이에요." for number in range(8))
    answer = client.post(address(Character, "change", character.pk), fill_in(character, greetings=greetings))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert Character.objects.get().greetings[7] == "반가워요, 7번이에요."


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("persona_file", "nobody.md"),
        ("persona_file", "../settings/mary.py"),
        ("portrait", "chat/portraits/nobody.svg"),
        ("greetings", "하나예요\n둘이에요"),
        ("stop_strings", '"no list"'),
        ("stop_strings", '[""]'),
        ("stop_strings", "{"),
        ("temperature", "3"),
    ],
)
def test_a_character_that_a_worker_would_stumble_over_is_refused(client, superuser, field, value):
    character = build_character(portrait=_some_portrait())
    answer = client.post(address(Character, "change", character.pk), fill_in(character, **{field: value}))
    assert list(answer.context["adminform"].form.errors) == [field]


def test_stop_strings_keep_their_line_breaks(client, superuser):
    character = build_character(portrait=_some_portrait(), stop_strings=["\n나:", "###"])
    client.post(address(Character, "change", character.pk), fill_in(character))
    assert Character.objects.get().stop_strings == ["\n나:", "###"]


def _some_portrait() -> str:
    return "chat/portraits/mary.svg"


def test_a_form_opened_before_a_promotion_does_not_undo_it(client, superuser):
    character = build_character(portrait=_some_portrait())
    stale = fill_in(character, closing_phrase="또 만나요", adapter="")
    Character.objects.update(adapter="mary@0123456789ab", temperature=0.4)
    assert client.post(address(Character, "change", character.pk), stale).status_code == 302
    character.refresh_from_db()
    assert (character.adapter, character.closing_phrase) == ("mary@0123456789ab", "또 만나요")


def test_a_character_shows_its_adapter_with_the_way_to_its_releases(client, superuser):
    character = build_character(adapter="mary@0123456789ab")
    html = client.get(address(Character, "change", character.pk)).content.decode()
    assert 'name="adapter"' not in html
    releases = f"{reverse('admin:chat_release_changelist')}?character__id__exact={character.pk}"
    assert f'href="{releases}">mary@0123456789ab' in html
    assert client.get(releases).status_code == 200
