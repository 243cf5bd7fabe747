"""`manage.py seed`: the characters with the adapters that ship with them, and a demo account. Safe at every start."""

from __future__ import annotations

import secrets
import tomllib
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from chat.accounts.consents import decide_consent, get_local_text
from chat.models import REQUIRED_TO_CHAT, Character, ConsentKind, User
from chat.serving.ship import release_shipped

CHARACTERS_FILE: Final = Path(__file__).resolve().parents[2] / "seeds" / "characters.toml"
DEMO_LOGIN_ID: Final = "demo"
DEMO_PROFILE: Final = {"login_id": DEMO_LOGIN_ID, "name": "손님", "dt_birth": date(2000, 1, 1)}
PASSWORD_BYTES: Final = 12


class Command(BaseCommand):
    help = "Create the characters and the demo account that are not there yet."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="create no demo account")
        parser.add_argument(
            "--update-characters", action="store_true", help="put back the seeds' values, over edits made in the admin"
        )

    def handle(self, *args: Any, no_demo: bool, update_characters: bool, **options: Any) -> None:
        for seed in read_character_seeds():
            seed_character(seed, is_update_wanted=update_characters)
            release_shipped(seed["key"], settings.MARY_ADAPTERS_FOLDER)
        password = None if no_demo else seed_demo_account()
        if password is not None:
            self.stdout.write(f"demo-account login={DEMO_LOGIN_ID} password={password}")


def read_character_seeds() -> list[dict[str, Any]]:
    """One dictionary of columns per character; the file groups sampling and calls the position `order`."""
    characters = tomllib.loads(CHARACTERS_FILE.read_text(encoding="utf-8"))["character"]
    return [
        {**{name: value for name, value in seed.items() if name not in ("order", "sampling")}, **seed["sampling"]}
        | {"position": seed["order"]}
        for seed in characters
    ]


@transaction.atomic
def seed_character(columns: dict[str, Any], *, is_update_wanted: bool) -> None:
    """Raises ValidationError for a seed that the table would not take."""
    existing = Character.objects.select_for_update().filter(key=columns["key"]).first()
    if existing is not None and not is_update_wanted:
        return
    character = existing or Character()
    for name, value in columns.items():
        setattr(character, name, value)
    character.full_clean()
    character.save()


@transaction.atomic
def seed_demo_account() -> str | None:
    """The new account's password, shown this once; None where the account is there already.

    It gives the two consents that chatting needs; the others stay off, as for everybody.
    """
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    user, is_new = User.objects.get_or_create(login_id__iexact=DEMO_LOGIN_ID, defaults=DEMO_PROFILE)
    if not is_new:
        return None
    user.set_password(password)
    user.save()
    for kind in sorted(REQUIRED_TO_CHAT):
        decide_consent(user, ConsentKind(kind), is_granted=True, text_version=get_local_text(kind).version)
    return password
