"""A deployment behind a TLS proxy. Everything secret comes from the environment; nothing has a default."""

import os
from urllib.parse import urlsplit

from mymary_site.env import EnvError
from mymary_site.logs import build_logging
from mymary_site.mail import read_mail
from mymary_site.settings.base import *
from mymary_site.settings.base import REPOSITORY
from mymary_site.settings.mary import *
from mymary_site.settings.mary import ENV

if not ENV.allowed_origins:
    raise EnvError("MARY_ALLOWED_ORIGINS", None, "full origins with a comma between, such as https://mary.example.org")

DEBUG = False
MARY_ALLOWED_ORIGINS = ENV.allowed_origins
ALLOWED_HOSTS = [urlsplit(origin).hostname or "" for origin in ENV.allowed_origins]
CSRF_TRUSTED_ORIGINS = list(ENV.allowed_origins)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# The one TLS proxy appends the visitor's address to X-Forwarded-For; limits by address count that one.
ALLAUTH_TRUSTED_PROXY_COUNT = 1
REST_FRAMEWORK = {**REST_FRAMEWORK, "NUM_PROXIES": 1}
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
STATIC_ROOT = REPOSITORY / "var" / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
LOGGING = build_logging()
locals().update(read_mail(os.environ))
