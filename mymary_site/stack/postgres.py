"""Embedded PostgreSQL: unix socket only, passwords, durable settings, its own data folder."""

import subprocess
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from mymary_site.stack.owner import Owner
from mymary_site.stack.refusals import step_failed
from mymary_site.stack.service import Service

ADMIN = "postgres"
APP = "mymary"  # the application's role and database
MAX_CONNECTIONS = 200
# For data that lives as long as one command: nothing has to survive a power cut.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# Locale rules come from PostgreSQL itself, so the machine needs none installed and sorting never changes under us.
LOCALE = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")


def is_initialised(data: Path) -> bool:
    return (data / "PG_VERSION").exists()


def initialise(binaries: Path, data: Path, owner: Owner, admin_password: str) -> None:
    """initdb, which empties the folder again when it fails or is interrupted."""
    password_file = data.with_name("admin_password")
    owner.give_file(password_file, admin_password)
    access = ("-U", ADMIN, "-A", "scram-sha-256", f"--pwfile={password_file}")
    command = [str(binaries / "initdb"), "-D", str(data), *access, *LOCALE]
    try:
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, **owner.get_identity())
    finally:
        password_file.unlink()
    if done.returncode != 0:
        raise step_failed("initdb", done.stderr.splitlines())


def build_service(binaries: Path, data: Path, sockets: Path, password: str, *, is_durable: bool) -> Service:
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(sockets),
        "unix_socket_permissions": "0700",
        "max_connections": str(MAX_CONNECTIONS),
        "logging_collector": "off",
        "log_checkpoints": "off",
        **({} if is_durable else FORGETFUL),
    }
    arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    return Service(
        name="postgres",
        command=(str(binaries / "postgres"), "-D", str(data), *arguments),
        url=_build_url(APP, password, sockets),
        stop_signal="INT",  # fast shutdown: ends sessions, finishes a checkpoint
    )


def prepare_database(sockets: Path, admin_password: str, password: str) -> None:
    """The application's role and database; pgvector in every database made later (only a superuser may add it)."""
    for database in ("template1", "postgres"):
        with psycopg.connect(_build_url(ADMIN, admin_password, sockets, database), autocommit=True) as connection:
            if database == "template1":
                connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
                continue
            _create_role(connection, password)
            _create_database(connection)


def is_answering(sockets: Path, admin_password: str) -> bool:
    try:
        psycopg.connect(_build_url(ADMIN, admin_password, sockets, "postgres"), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _create_role(connection: psycopg.Connection[tuple[object, ...]], password: str) -> None:
    found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APP]).fetchone()
    # CREATEDB, for the test databases.
    statement = "ALTER ROLE {} LOGIN CREATEDB PASSWORD {}" if found else "CREATE ROLE {} LOGIN CREATEDB PASSWORD {}"
    connection.execute(sql.SQL(statement).format(sql.Identifier(APP), sql.Literal(password)))


def _create_database(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [APP]).fetchone() is None:
        connection.execute(sql.SQL("CREATE DATABASE {0} OWNER {0}").format(sql.Identifier(APP)))


def _build_url(role: str, password: str, sockets: Path, database: str = APP) -> str:
    return f"postgresql://{role}:{quote(password)}@/{database}?host={quote(str(sockets), safe='/')}"
