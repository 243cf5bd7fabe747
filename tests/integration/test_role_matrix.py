"""Which role of the flywheel reaches which page of the admin, by every route and both methods.

The table is the promise. A route without a row fails, and so does a page that opens to one role more or less. Reached
means neither refused (403, 405) nor sent to the login page; what a page says of a row that does not exist is not
looked at here.
"""

from __future__ import annotations

from typing import Final

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from chat.models import User
from tests.flywheel_rows import build_staff
from tests.integration.test_access_matrix import find_admin_address, list_routes

ROLES: Final = {"A": "annotator", "R": "reviewer", "C": "clinical_reviewer", "T": "trainer", "-": ""}
"""`-`: a member of staff without any role."""
EVERY: Final = "ARCT-"

# GET, POST
VIEWS: Final[dict[str, tuple[str, str]]] = {
    "index": (EVERY, EVERY),
    "login": (EVERY, EVERY),
    "logout": ("", EVERY),
    "password_change": (EVERY, EVERY),
    "password_change_done": (EVERY, ""),
    "jsi18n": (EVERY, ""),
    "search": (EVERY, EVERY),  # finds names of pages that one may open
    "autocomplete": ("", ""),
    "view_on_site": (EVERY, EVERY),  # nothing here has a page of its own: 404
    "app_list": (EVERY, EVERY),  # 404 for an application of which one may see nothing
    "None": (EVERY, EVERY),  # any other address: 404
    # annotation
    "training_rate": ("ARC", ""),
    "training_rate_next": ("", "ARC"),
    "training_rate_save": ("", "ARC"),
    "training_rate_skip": ("", "ARC"),
    "training_rate_hold": ("", "ARC"),
    "training_rate_undo": ("", "ARC"),
    "training_agreement": ("RC", ""),
    "training_decide": ("RC", ""),
    "training_decide_save": ("", "RC"),
    "training_raw": ("C", "C"),
    # snapshots: one builds, another approves
    "training_snapshot_build": ("T", "T"),
    "training_snapshot_import": ("T", "T"),
    "training_snapshot_export": ("", "T"),
    "training_snapshot_decide": ("", "R"),
    # runs
    "training_trainingrun_start": ("T", "T"),
    "training_trainingrun_live": ("T", "T"),
    "training_trainingrun_cancel": ("", "T"),
    "training_trainingrun_evaluate": ("", "T"),
    "training_trainingrun_compare": ("T", "T"),
    "training_trainingrun_vote": ("", "T"),
    "training_retrainpolicy_stand": ("", "RT"),
    # gate, arena, going live
    "training_evaluation_promote": ("", "T"),
    "training_arena": ("ARCT", "ARCT"),
    "training_evaluation_arena": ("ARCT", "ARCT"),
    "training_evaluation_vote": ("", "ARCT"),
    "chat_release_roll_back": ("T", "T"),
    "training_lineage": ("RCT", "RCT"),
}
SUPERUSERS_ONLY: Final = ("", "", "", "")

# list, look, change, add; nothing of these is ever deleted by a role, and history says nothing of unknown rows
MODELS: Final[dict[str, tuple[str, str, str, str]]] = {
    "training_reviewitem": ("RC", "RC", "R", ""),
    "training_rating": ("RC", "RC", "", ""),
    "training_rawaccess": SUPERUSERS_ONLY,
    "training_pair": ("RCT", "RCT", "", ""),
    "training_snapshot": ("RCT", "RCT", "", ""),
    "training_trainingrun": ("T", "T", "", ""),
    "training_retrainpolicy": ("RT", "RT", "T", "T"),
    "training_evaluation": ("T", "T", "", ""),
    "training_withdrawal": ("T", "T", "", ""),
    "chat_adapter": ("T", "T", "", ""),
    "chat_release": ("T", "T", "", ""),
    "chat_character": SUPERUSERS_ONLY,
    "chat_user": SUPERUSERS_ONLY,
    "chat_consent": SUPERUSERS_ONLY,
    "chat_counsel": SUPERUSERS_ONLY,
    "chat_dialog": SUPERUSERS_ONLY,
    "chat_reply": SUPERUSERS_ONLY,
    "chat_inferenceworker": SUPERUSERS_ONLY,
    "auth_group": SUPERUSERS_ONLY,
    "account_emailaddress": SUPERUSERS_ONLY,
    "authtoken_tokenproxy": SUPERUSERS_ONLY,
    "django_celery_beat_crontabschedule": SUPERUSERS_ONLY,
    "django_celery_beat_clockedschedule": SUPERUSERS_ONLY,
    "django_celery_beat_intervalschedule": SUPERUSERS_ONLY,
    "django_celery_beat_solarschedule": SUPERUSERS_ONLY,
    "django_celery_beat_periodictask": SUPERUSERS_ONLY,
}


def build_table() -> dict[str, tuple[str, str]]:
    table = dict(VIEWS)
    for model, (lists, looks, changes, adds) in MODELS.items():
        table |= {
            f"{model}_changelist": (lists, lists),
            f"{model}_change": (looks, changes),
            f"{model}_add": (adds, adds),
            f"{model}_delete": ("", ""),
            f"{model}_history": (EVERY, EVERY),
        }
    return table


TABLE: Final = build_table()
ROUTES: Final = {
    name.removeprefix("admin:"): pattern for name, pattern in list_routes(get_resolver()) if name.startswith("admin:")
}


def is_reached(person: User, method: str, address: str) -> bool:
    client = Client()
    client.force_login(person)
    answer = client.generic(method, address)
    goes_to_login = answer.status_code == 302 and "/accounts/login" in answer.headers["Location"]
    return answer.status_code not in (403, 405) and not (goes_to_login and "logout" not in address)


@pytest.fixture
def staff() -> dict[str, User]:
    return {letter: build_staff(f"staff-{role or 'none'}", *filter(None, [role])) for letter, role in ROLES.items()}


def test_every_route_of_the_admin_has_a_row_and_every_row_a_route():
    assert set(TABLE) == set(ROUTES)


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(TABLE))
def test_only_the_roles_in_the_table_reach_it(staff: dict[str, User], name: str):
    address = find_admin_address(f"admin:{name}", ROUTES[name])
    reached = tuple(
        "".join(letter for letter, person in staff.items() if is_reached(person, method, address))
        for method in ("GET", "POST")
    )
    assert reached == TABLE[name]


@pytest.mark.django_db
@pytest.mark.parametrize(("letter", "expected"), [("A", 403), ("R", 403), ("C", 403), ("T", 200), ("-", 403)])
def test_only_trainers_reach_the_api_of_runs(staff: dict[str, User], letter: str, expected: int):
    client = Client()
    client.force_login(staff[letter])
    assert client.get(reverse("training-api:runs")).status_code == expected


@pytest.mark.django_db
def test_no_role_can_both_build_and_approve_a_snapshot(staff: dict[str, User]):
    both = ("training.add_snapshot", "training.approve_snapshot")
    assert [letter for letter, person in staff.items() if person.has_perms(both)] == []
