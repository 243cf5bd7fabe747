"""MARY_SMTP_URL and MARY_MAIL_FROM → Django's e-mail settings. Pure, like mymary_site.env."""

from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from mymary_site.env import EnvError

SMTP_FORM: Final = "smtp://user:password@host:587 (STARTTLS) or smtps://user:password@host:465"
FROM_FORM: Final = "an address, such as 내마리 <mary@example.org>"
PORTS: Final = {"smtp": 587, "smtps": 465}
TIMEOUT_SECONDS: Final = 10


def read_mail(environ: Mapping[str, str]) -> dict[str, Any]:
    """The e-mail settings by name. Without a server, letters go nowhere and `check --deploy` says so."""
    url, sender = environ.get("MARY_SMTP_URL"), environ.get("MARY_MAIL_FROM")
    if not url:
        return {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise EnvError("MARY_SMTP_URL", f"{parts.scheme}://…", SMTP_FORM)
    if not sender or "@" not in parseaddr(sender)[1]:
        raise EnvError("MARY_MAIL_FROM", sender or None, FROM_FORM)
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or PORTS[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": TIMEOUT_SECONDS,
        "DEFAULT_FROM_EMAIL": sender,
    }
