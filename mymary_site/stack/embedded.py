"""The embedded services of one run: made ready on disk here, started by supervisor or by `throwaway`."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from mymary_site.stack import binaries, postgres, valkey
from mymary_site.stack.layout import Layout
from mymary_site.stack.owner import Owner
from mymary_site.stack.refusals import did_not_answer
from mymary_site.stack.secret_files import read_or_create_secret
from mymary_site.stack.service import Service

START_SECONDS = 60.0
POLL_SECONDS = 0.05

Say = Callable[[str], None]
Idle = Callable[[float], None]


@dataclass(frozen=True)
class Embedded:
    """`services` in the order in which they start; `is_up` and `prepare` belong to them by name."""

    services: tuple[Service, ...]
    is_up: dict[str, Callable[[], bool]] = field(repr=False)
    prepare: Callable[[], None] = field(repr=False)

    def get_url(self, name: str) -> str:
        return next(service.url for service in self.services if service.name == name)

    def wait_until_up(self, log: Path, idle: Idle = time.sleep) -> None:
        for service in self.services:
            wait_for(self.is_up[service.name], service.name, log / f"{service.name}.log", idle)
        self.prepare()


def build_embedded(
    layout: Layout, owner: Owner, *, with_postgres: bool, with_valkey: bool, say: Say, is_durable: bool = True
) -> Embedded:
    services: list[Service] = []
    is_up: dict[str, Callable[[], bool]] = {}
    prepare: Callable[[], None] = _nothing_to_prepare
    sockets = layout.services_runtime
    if with_postgres:
        admin_password = read_or_create_secret(layout.data / "postgres_admin_password")
        password = read_or_create_secret(layout.data / "postgres_password")
        services.append(_make_postgres(layout, owner, (admin_password, password), say, is_durable))
        is_up["postgres"] = lambda: postgres.is_answering(sockets, admin_password)
        prepare = lambda: postgres.prepare_database(sockets, admin_password, password)  # noqa: E731
    if with_valkey:
        service = _make_valkey(layout, owner)
        services.append(service)
        is_up["valkey"] = lambda: valkey.is_answering(service.url)
    return Embedded(tuple(services), is_up, prepare)


def wait_for(is_up: Callable[[], bool], name: str, log: Path, idle: Idle) -> None:
    """`idle` passes the time between two looks: it sleeps, or prints what the processes log."""
    deadline = time.monotonic() + START_SECONDS
    while not is_up():
        if time.monotonic() > deadline:
            raise did_not_answer(name, log)
        idle(POLL_SECONDS)


def _make_postgres(layout: Layout, owner: Owner, passwords: tuple[str, str], say: Say, is_durable: bool) -> Service:
    admin_password, password = passwords
    data = layout.data / "postgres"
    programs = binaries.find_postgres(layout, owner)
    owner.make_folder(data)
    if not postgres.is_initialised(data):
        say("데이터베이스를 만드는 중… / creating the database …")
        postgres.initialise(programs, data, owner, admin_password)
    return postgres.build_service(programs, data, layout.services_runtime, password, is_durable=is_durable)


def _make_valkey(layout: Layout, owner: Owner) -> Service:
    data = layout.data / "valkey"
    owner.make_folder(data)
    program = binaries.find_valkey(layout, owner)
    password = read_or_create_secret(layout.data / "valkey_password")
    return valkey.build_service(program, data, layout.services_runtime, password, owner)


def _nothing_to_prepare() -> None:
    """An external database has its role and extension from whoever runs it."""
