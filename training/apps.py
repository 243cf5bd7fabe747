"""The Django application of training: commands, no tables."""

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "training"
    verbose_name = "학습"
