"""Settings under which a Celery worker that hears nothing is given up within seconds."""

from mymary_site.settings.dev import *  # noqa: F403

MARY_DEAF_SECONDS = 3.0
