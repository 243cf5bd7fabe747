"""Environment variables → one frozen, typed `Env`. Pure: takes a mapping, touches nothing else.

A malformed value stops the process at start, naming variable, value and expected form.
What a process can do without is `None` here; the `get_…` methods raise when it is asked for.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

REPOSITORY = Path(__file__).resolve().parent.parent
REDIS_SCHEMES = ("redis", "rediss", "unix")
SECRET_KEY_MIN_CHARACTERS = 50  # what `manage.py check --deploy` asks for
HOST_PATTERN = re.compile(r"[0-9A-Za-z.:-]+")

# Per process. Idle connections go after 30 s, so a quiet process holds only the minimum.
POOL = {"min_size": 1, "max_size": 10, "timeout": 10, "max_idle": 30}


class Engine(StrEnum):
    """Who computes the replies in the inference worker."""

    LLAMACPP = "llamacpp"
    FAKE = "fake"


class EnvError(ValueError):
    """An environment variable is missing or malformed."""

    def __init__(self, name: str, value: str | None, expected: str) -> None:
        found = "is not set" if value is None else f"is {value!r}"
        super().__init__(f"{name} {found}; expected {expected}")
        self.name = name


@dataclass(frozen=True, kw_only=True)
class Env:
    # services; None = the launcher starts embedded ones
    database_url: str | None
    redis_url: str | None
    # web
    host: str
    port: int
    secret_key: str | None
    allowed_origins: tuple[str, ...]
    # inference worker
    lm_path: Path | None  # None = the packaged lm
    engine: Engine
    engine_slots: int
    # everything written at run time
    var: Path
    settings_module: str

    def get_database_url(self) -> str:
        return _required("DATABASE_URL", self.database_url, DATABASE_FORM)

    def get_redis_url(self) -> str:
        return _required("REDIS_URL", self.redis_url, REDIS_FORM)

    def get_secret_key(self) -> str:
        return _required("MARY_SECRET_KEY", self.secret_key, SECRET_FORM)


DATABASE_FORM = "postgresql://user:password@host:port/name or postgresql://user@/name?host=/socket/folder"
REDIS_FORM = "redis://host:port/number or unix:///path/to/valkey.sock?db=number"
SECRET_FORM = f"at least {SECRET_KEY_MIN_CHARACTERS} random characters"


def read_env(environ: Mapping[str, str]) -> Env:
    return Env(
        database_url=_read_database_url(environ),
        redis_url=_read_redis_url(environ),
        host=_read_host(environ),
        port=_read_int(environ, "PORT", default=8000, low=1, high=65535),
        secret_key=_read_secret_key(environ),
        allowed_origins=_read_origins(environ),
        lm_path=_read_path(environ, "MARY_LM"),
        engine=_read_engine(environ),
        engine_slots=_read_int(environ, "MARY_ENGINE_SLOTS", default=4, low=1, high=256),
        var=_read_path(environ, "MARY_VAR") or REPOSITORY / "var",
        settings_module=environ.get("DJANGO_SETTINGS_MODULE") or "mymary_site.settings.dev",
    )


def build_database(url: str) -> dict[str, Any]:
    """One entry of Django's DATABASES. libpq itself parses the URL, so every form it knows works.

    Connections come from psycopg's pool: persistent ones (CONN_MAX_AGE) leak under ASGI.
    """
    parts = conninfo_to_dict(url)
    named = {
        "NAME": parts.pop("dbname", ""),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
    }
    return {
        "ENGINE": "django.db.backends.postgresql",
        **named,
        "CONN_MAX_AGE": 0,
        # A pooled connection may be older than the server's last restart.
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**parts, "pool": dict(POOL)},
    }


@dataclass(frozen=True, kw_only=True)
class RedisUrls:
    """One server, one numbered database per use, so that flushing a cache cannot touch a token log."""

    token_log: str
    channel_layer: str
    cache: str
    broker: str  # in kombu's spelling: it knows `redis+socket://` but no `unix://`


def build_redis_urls(url: str) -> RedisUrls:
    """Four databases in a row, starting at the number in the URL (0 where it names none)."""
    parts = urlsplit(url)
    written = parse_qs(parts.query).get("db", ["0"])[0] if parts.scheme == "unix" else parts.path.strip("/")
    first = int(written or 0)

    def at(number: int) -> str:
        if parts.scheme == "unix":
            # Not geturl(): it drops the slashes before an empty host.
            return f"unix://{parts.netloc}{parts.path}?db={number}"
        return parts._replace(path=f"/{number}").geturl()

    broker = at(first + 3)
    if parts.scheme == "unix":
        broker = f"redis+socket://{parts.netloc}{parts.path}?virtual_host={first + 3}"
    return RedisUrls(token_log=at(first), channel_layer=at(first + 1), cache=at(first + 2), broker=broker)


def _required(name: str, value: str | None, expected: str) -> str:
    if value is None:
        raise EnvError(name, None, expected)
    return value


def _read_database_url(environ: Mapping[str, str]) -> str | None:
    url = environ.get("DATABASE_URL") or None
    if url is None:
        return None
    try:
        parts = conninfo_to_dict(url)
    except ProgrammingError:
        parts = {}
    is_complete = "dbname" in parts and str(parts.get("port", "0")).isdigit()
    if not is_complete or urlsplit(url).scheme not in ("postgresql", "postgres"):
        raise EnvError("DATABASE_URL", _without_password(url), DATABASE_FORM)
    return url


def _read_redis_url(environ: Mapping[str, str]) -> str | None:
    url = environ.get("REDIS_URL") or None
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.scheme == "unix":
        is_complete, number = bool(parts.path), parse_qs(parts.query).get("db", ["0"])[0]
    else:
        is_complete, number = bool(parts.hostname), parts.path.strip("/") or "0"
    if parts.scheme not in REDIS_SCHEMES or not is_complete or not number.isdigit():
        raise EnvError("REDIS_URL", _without_password(url), REDIS_FORM)
    return url


def _read_host(environ: Mapping[str, str]) -> str:
    host = environ.get("MARY_HOST") or "127.0.0.1"
    if not HOST_PATTERN.fullmatch(host):
        raise EnvError("MARY_HOST", host, "an address to listen on, such as 127.0.0.1 or 0.0.0.0")
    return host


def _read_secret_key(environ: Mapping[str, str]) -> str | None:
    key = environ.get("MARY_SECRET_KEY") or None
    if key is not None and len(key) < SECRET_KEY_MIN_CHARACTERS:
        raise EnvError("MARY_SECRET_KEY", f"({len(key)} characters)", SECRET_FORM)
    return key


def _read_origins(environ: Mapping[str, str]) -> tuple[str, ...]:
    written = environ.get("MARY_ALLOWED_ORIGINS", "")
    origins = tuple(part.strip() for part in written.split(",") if part.strip())
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or origin != f"{parts.scheme}://{parts.netloc}":
            expected = "full origins with a comma between, such as https://mary.example.org"
            raise EnvError("MARY_ALLOWED_ORIGINS", origin, expected)
    return origins


def _read_engine(environ: Mapping[str, str]) -> Engine:
    written = environ.get("MARY_ENGINE") or Engine.LLAMACPP
    try:
        return Engine(written)
    except ValueError:
        raise EnvError("MARY_ENGINE", written, " or ".join(Engine)) from None


def _read_path(environ: Mapping[str, str], name: str) -> Path | None:
    written = environ.get(name)
    return Path(written).expanduser().absolute() if written else None


def _read_int(environ: Mapping[str, str], name: str, *, default: int, low: int, high: int) -> int:
    written = environ.get(name) or str(default)
    if not re.fullmatch(r"[0-9]{1,9}", written) or not low <= int(written) <= high:
        raise EnvError(name, written, f"a whole number from {low} to {high}")
    return int(written)


def _without_password(url: str) -> str:
    return re.sub(r"(//[^:/@]*):.*@", r"\1:…@", url)
