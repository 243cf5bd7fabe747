"""Who may do what in the flywheel, as Django groups. Kept after every migration; what staff added to a group stays.

Nobody has everything: whoever rates does not approve, whoever trains does not decide what may be learned from.
"""

from __future__ import annotations

from typing import Any, Final

from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

ROLES: Final[dict[str, tuple[str, ...]]] = {
    "annotator": ("rate",),
    "reviewer": (
        *("rate", "adjudicate", "approve_snapshot"),
        *("view_rating", "view_reviewitem", "change_reviewitem", "view_pair", "view_snapshot"),
    ),
    "clinical_reviewer": (
        *("rate", "adjudicate", "review_crisis", "read_raw"),
        *("view_rating", "view_reviewitem", "view_pair", "view_snapshot"),
    ),
    "trainer": (
        *("view_pair", "view_snapshot", "add_snapshot", "view_trainingrun", "view_evaluation", "view_withdrawal"),
        *("start_run", "promote", "view_retrainpolicy", "add_retrainpolicy", "change_retrainpolicy"),
    ),
}
"""Group → codenames of the app `training`."""


def keep_roles(sender: Any, **options: Any) -> None:
    """After `migrate`: every group exists and has at least its permissions."""
    create_permissions(sender, verbosity=0)  # this may run before Django's own receiver does
    for name, codenames in ROLES.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(*Permission.objects.filter(content_type__app_label="training", codename__in=codenames))
