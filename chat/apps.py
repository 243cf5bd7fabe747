"""The chat application."""

from importlib import import_module

from django.apps import AppConfig


class ChatConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "chat"
    verbose_name = "내마리"

    def ready(self) -> None:
        # Importing registers the system checks; it needs settings, so not before this point.
        import_module("mymary_site.checks")
