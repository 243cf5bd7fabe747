"""Which consents review and training need: all of them at once, so that whoever takes back one of them gives neither.

What people tell here is sensitive information: without the consent to that there is nothing that experts may read.
"""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet

from chat.models import Consent, ConsentKind

NEEDED_FOR_REVIEW: Final = (ConsentKind.SERVICE, ConsentKind.SENSITIVE, ConsentKind.HUMAN_REVIEW)
NEEDED_FOR_TRAINING: Final = (*NEEDED_FOR_REVIEW, ConsentKind.TRAINING)


def list_users_allowing_review() -> QuerySet[Any, Any]:
    """Ids of those who let people read along, today, as a subquery."""
    return Consent.objects.granting(*NEEDED_FOR_REVIEW)


def list_users_allowing_training() -> QuerySet[Any, Any]:
    """Ids of those who let people read along and the model learn, today, as a subquery."""
    return Consent.objects.granting(*NEEDED_FOR_TRAINING)
