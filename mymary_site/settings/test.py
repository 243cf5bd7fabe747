"""Tests: the same engines as everywhere, faster password hashing, e-mail kept in memory."""

from mymary_site.settings.dev import *

ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
MARY_ALLOWED_ORIGINS = ("http://testserver", "http://127.0.0.1", "http://localhost")
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ACCOUNT_RATE_LIMITS = {}
