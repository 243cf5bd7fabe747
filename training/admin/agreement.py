"""The page about agreement: for each scale and each person, from the ratings of the last quarter of a year."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from chat.models import User
from training.cycle.agree import Judgement, measure_people, measure_scales
from training.models import SCALES, Rating

WINDOW: Final = timedelta(days=90)
GOOD_ALPHA: Final = 0.67
"""From here on, Krippendorff's own advice allows tentative conclusions."""
POOR_ALPHA: Final = 0.4
VIEW: Final = "training.view_rating"


@require_GET
def show_agreement(request: HttpRequest) -> HttpResponse:
    if not cast(User, request.user).has_perm(VIEW):
        raise PermissionDenied
    judgements = list(list_judgements(timezone.now() - WINDOW))
    names = {scale.key: str(scale.name) for scale in SCALES}
    logins = {str(pk): login_id for pk, login_id in User.objects.filter(is_staff=True).values_list("pk", "login_id")}
    scales = measure_scales(judgements, list(names))
    people = measure_people(judgements, "overall")
    context = {
        **admin.site.each_context(request),
        "title": _("평가자 일치도"),
        "days": WINDOW.days,
        "scales": [replace(scale, name=names[scale.name]) for scale in scales],
        "people": [replace(person, name=logins.get(person.name, person.name[:8])) for person in people],
        "good": GOOD_ALPHA,
        "poor": POOR_ALPHA,
    }
    return render(request, "training/agreement.html", context)


def list_judgements(since: datetime) -> Iterator[Judgement]:
    """What annotators said by themselves; a decision over a dispute knew the others' figures and does not count."""
    ratings = Rating.objects.standing().filter(is_authoritative=False, annotator__isnull=False, dt_rated__gte=since)
    for rating in ratings.only("item_id", "annotator_id", "overall", "scores").iterator(chunk_size=2000):
        for scale, figure in rating.figures.items():
            if figure is not None:
                yield Judgement(str(rating.item_id), str(rating.annotator_id), scale, float(figure))
