"""The `run_vote` table: which of several runs side by side a person would take. Advice; the gate decides."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from training.models.runs import TrainingRun


class RunVote(models.Model):
    run = models.ForeignKey(TrainingRun, models.CASCADE, related_name="votes")
    voter = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    dt_voted = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "run_vote"
        constraints = (models.UniqueConstraint(fields=["run", "voter"], name="run_vote_once"),)

    def __str__(self) -> str:
        return f"{self.voter_id} → {self.run_id}"
