"""`python -m tests.stack_people COUNT [PASSWORD]`: users with consents, token and room, printed as JSON.

Runs beside a stack, with its DATABASE_URL; goes through the product's own functions, not through HTTP, because
sign-up is slow on purpose.
"""

from __future__ import annotations

import json
import secrets
import sys
from datetime import date

import django
from django.db import transaction

django.setup()

from rest_framework.authtoken.models import Token  # noqa: E402

from chat.accounts.consents import decide_consent, get_local_text  # noqa: E402
from chat.models import REQUIRED_TO_CHAT, Character, ConsentKind, User  # noqa: E402
from chat.rooms.open import open_counsel  # noqa: E402


def name_people(count: int) -> list[str]:
    """Login ids that no earlier call has given."""
    batch = secrets.token_hex(3)
    return [f"guest-{batch}-{number}" for number in range(count)]


@transaction.atomic
def make_person(login_id: str, password: str, character: Character) -> dict[str, str]:
    user = User.objects.create_user(login_id, password or None, name="하늘", dt_birth=date(1995, 4, 16))
    for kind in map(ConsentKind, REQUIRED_TO_CHAT):
        decide_consent(user, kind, is_granted=True, text_version=get_local_text(kind).version)
    token = Token.objects.create(user=user)
    room = open_counsel(user, character)
    return {"user_id": str(user.pk), "login_id": login_id, "token": token.key, "counsel_id": str(room.pk)}


def main(count: int, password: str) -> None:
    character = Character.objects.filter(is_live=True).order_by("position").first()
    if character is None:
        raise SystemExit("the stack has no character: seed it first")
    json.dump([make_person(login_id, password, character) for login_id in name_people(count)], sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
