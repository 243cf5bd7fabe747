"""A person's own machine: `make run`. Loopback only, plain http."""

from mymary_site.logs import build_logging
from mymary_site.settings.base import *
from mymary_site.settings.mary import *
from mymary_site.settings.mary import ENV

DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
MARY_ALLOWED_ORIGINS = ENV.allowed_origins or tuple(
    f"http://{host}:{ENV.port}" for host in ("127.0.0.1", "localhost", "[::1]")
)
CSRF_TRUSTED_ORIGINS = list(MARY_ALLOWED_ORIGINS)
# Cookies know no ports: two copies side by side would log each other out without this.
SESSION_COOKIE_NAME = f"mary_session_{ENV.port}"
CSRF_COOKIE_NAME = f"mary_csrf_{ENV.port}"
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
WHITENOISE_USE_FINDERS = True
LOGGING = build_logging()
