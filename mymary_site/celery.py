"""The Celery application. Tasks carry ids, never texts."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mymary_site.settings.dev")

app = Celery("mymary_site")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
