"""`manage.py seed`: what it creates once, and what it leaves alone ever after."""

from io import StringIO

import pytest
from django.core.management import call_command

from chat.accounts.consents import may_chat
from chat.models import REQUIRED_TO_CHAT, Character, User, granted_kinds

pytestmark = pytest.mark.django_db


def seed(*arguments: str) -> str:
    out = StringIO()
    call_command("seed", *arguments, stdout=out)
    return out.getvalue()


def test_first_seed_makes_four_characters_and_names_the_demo_account():
    line = seed()
    assert list(Character.objects.values_list("key", flat=True)) == ["mary", "mentos", "expert", "futfut"]
    assert line.startswith("demo-account login=demo password=")
    assert User.objects.get(login_id="demo").check_password(line.strip().rpartition("password=")[2])


def test_second_seed_changes_and_prints_nothing():
    seed()
    before = list(User.objects.values_list("pk", "password"))
    assert seed() == ""
    assert list(User.objects.values_list("pk", "password")) == before
    assert Character.objects.count() == 4


def test_demo_account_is_ordinary_and_may_chat():
    seed()
    user = User.objects.get(login_id="demo")
    assert granted_kinds(user.pk) == REQUIRED_TO_CHAT
    assert may_chat(user.pk)
    assert not user.is_staff
    assert not user.is_superuser


def test_edits_made_in_the_admin_stay():
    seed("--no-demo")
    Character.objects.filter(key="mary").update(introduction="고친 소개")
    seed("--no-demo")
    assert Character.objects.get(key="mary").introduction == "고친 소개"


def test_update_characters_puts_the_seeds_back():
    seed("--no-demo")
    Character.objects.filter(key="mary").update(introduction="고친 소개")
    seed("--no-demo", "--update-characters")
    assert Character.objects.get(key="mary").introduction != "고친 소개"


def test_no_demo_makes_no_account():
    assert seed("--no-demo") == ""
    assert not User.objects.exists()
