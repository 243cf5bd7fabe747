"""An expert finds a reply dangerous, and an adapter that is on trial wrote it → the trial ends at once."""

from __future__ import annotations

from typing import Final

from chat.models import Release
from chat.serving.roll_back import call_off_if_open
from training.models import Rating, RatingReason

GRAVE: Final = (RatingReason.UNSAFE, RatingReason.CRISIS_MISSED)
WHY: Final = "expert_stopped:{reasons}:{reply}"  # put into words by chat.admin.release_ends


def stop_canary(rating: Rating) -> None:
    """Call off the open release of the adapter that wrote the rated reply, in the rating's own transaction."""
    grave = [str(reason) for reason in GRAVE if reason in rating.reasons]
    reply = rating.item.reply
    if not grave or not reply.adapter:
        return
    why = WHY.format(reasons=",".join(grave), reply=reply.pk)
    for release_id in Release.objects.open().filter(adapter__name=reply.adapter).values_list("pk", flat=True):
        call_off_if_open(release_id, decided_by=rating.annotator, reason=why)
