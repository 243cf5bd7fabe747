"""`python -m tests.flywheel.people COUNT`: users who let people read along and the model learn, and staff by role.

Runs beside a stack, with its DATABASE_URL; printed as JSON. Staff log in with a password, as people do.
"""

from __future__ import annotations

import json
import secrets
import sys
from datetime import date

import django

django.setup()

from django.contrib.auth.models import Group  # noqa: E402

from chat.accounts.consents import decide_consent, get_local_text  # noqa: E402
from chat.models import Character, ConsentKind, User  # noqa: E402
from tests.stack_people import make_person, name_people  # noqa: E402
from training.roles import ROLES  # noqa: E402

ALSO = (ConsentKind.HUMAN_REVIEW, ConsentKind.TRAINING)


def make_giver(login_id: str, character: Character) -> dict[str, str]:
    person = make_person(login_id, "", character)
    user = User.objects.get(pk=person["user_id"])
    for kind in ALSO:
        decide_consent(user, kind, is_granted=True, text_version=get_local_text(kind).version)
    return person


def make_staff(role: str, password: str) -> str:
    login_id = f"{role.replace('_', '-')}-{secrets.token_hex(3)}"
    user = User.objects.create_user(
        login_id, password, name="직원", dt_birth=date(1990, 3, 1), is_staff=True, language="ko"
    )
    user.groups.add(Group.objects.get(name=role))
    return login_id


def main(count: int) -> None:
    character = Character.objects.get(key="mary")
    password = secrets.token_urlsafe(16)
    staff = {role: make_staff(role, password) for role in ROLES}
    givers = [make_giver(login_id, character) for login_id in name_people(count)]
    json.dump({"givers": givers, "staff": staff, "password": password}, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]))
