"""The blind arena: the same message answered by candidate and live adapter; people choose without knowing which."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from training.models.evaluations import Evaluation


class ArenaCase(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="arena_case_id")
    evaluation = models.ForeignKey(Evaluation, models.CASCADE, related_name="cases")
    number = models.PositiveIntegerField()
    turns = models.JSONField()  # [[role, text], …], pseudonymised
    candidate_reply = models.TextField()
    live_reply = models.TextField()

    class Meta:
        db_table = "arena_case"
        constraints = (models.UniqueConstraint(fields=["evaluation", "number"], name="arena_case_number"),)

    def __str__(self) -> str:
        return f"{self.evaluation_id}/{self.number}"


class ArenaChoice(models.TextChoices):
    CANDIDATE = "candidate", _("후보")
    LIVE = "live", _("지금 것")
    TIE = "tie", _("비슷함")
    BOTH_BAD = "both_bad", _("둘 다 나쁨")


class ArenaVote(models.Model):
    case = models.ForeignKey(ArenaCase, models.CASCADE, related_name="votes")
    voter = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    choice = models.CharField(max_length=10, choices=ArenaChoice)
    is_candidate_left = models.BooleanField()  # as it was shown
    dt_voted = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "arena_vote"
        constraints = (models.UniqueConstraint(fields=["case", "voter"], name="arena_vote_once"),)

    def __str__(self) -> str:
        return f"{self.case_id}: {self.choice}"
