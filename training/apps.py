"""The Django application of training: the flywheel's tables, admin pages and commands."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class TrainingConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "training"
    verbose_name = "학습"

    def ready(self) -> None:
        from training.roles import keep_roles  # needs the models, which are loaded by now

        post_migrate.connect(keep_roles, sender=self, dispatch_uid="training.roles")
