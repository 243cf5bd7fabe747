"""What the API takes and what its answers look like."""

from __future__ import annotations

from rest_framework import serializers

from chat.api.shapes import Problem
from training.models import RunState
from training.models.runs import RunTrigger


class NewRun(serializers.Serializer[object]):
    snapshot_id = serializers.UUIDField()
    preset = serializers.CharField(max_length=40, default="starter-dpo")
    changes = serializers.DictField(default=dict, help_text="Settings over the preset's; see docs/training.md.")


class RunQuery(serializers.Serializer[object]):
    state = serializers.ChoiceField(required=False, choices=RunState.choices)
    limit = serializers.IntegerField(default=50, min_value=1, max_value=200)


class RunShape(serializers.Serializer[object]):
    id = serializers.UUIDField()
    character = serializers.CharField(help_text="The character's key.")
    snapshot_id = serializers.UUIDField()
    snapshot_digest = serializers.CharField()
    state = serializers.ChoiceField(choices=RunState.choices)
    trigger = serializers.ChoiceField(choices=RunTrigger.choices)
    attempt = serializers.IntegerField()
    config = serializers.DictField()
    progress = serializers.DictField(help_text="phase, done, total, seconds_left, figures; empty at first.")
    is_cancel_requested = serializers.BooleanField()
    error = Problem(allow_null=True)
    adapter = serializers.CharField(allow_null=True, help_text="name@digest of what came of it.")
    dt_queued = serializers.DateTimeField()
    dt_started = serializers.DateTimeField(allow_null=True)
    dt_finished = serializers.DateTimeField(allow_null=True)


class RunList(serializers.Serializer[object]):
    results = RunShape(many=True)
