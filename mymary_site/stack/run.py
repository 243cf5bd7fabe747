"""`make run`: checks, services, migrations, seed, processes, address, logs; and all of it down again on Ctrl-C."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn
from xmlrpc.client import Fault

from mymary_site.env import REPOSITORY, Engine, Env
from mymary_site.stack import preflight
from mymary_site.stack.django_steps import prepare_database, wait_for_web
from mymary_site.stack.embedded import Embedded, build_embedded
from mymary_site.stack.layout import Layout, make_folders, plan_layout
from mymary_site.stack.leftovers import TAG, end_leftovers, hold_lock, list_leftovers
from mymary_site.stack.log_lines import POLL_SECONDS, LogFollower, Printer, wants_colour
from mymary_site.stack.owner import Owner, find_owner
from mymary_site.stack.programs import Group, list_programs
from mymary_site.stack.refusals import supervisor_gone
from mymary_site.stack.secret_files import read_or_create_secret
from mymary_site.stack.supervision import Supervision, start_supervisord
from mymary_site.stack.welcome import find_demo_account, render_welcome

STOP_SECONDS = 20.0  # the sum of what supervisor grants the two groups, and a little
GIVEN_UP_CHECK_SECONDS = 5.0


@dataclass(frozen=True)
class Running:
    """A run whose supervisord is up."""

    env: Env
    layout: Layout
    embedded: Embedded
    environ: dict[str, str]
    supervision: Supervision
    daemon: "subprocess.Popen[bytes]"
    follower: LogFollower
    printer: Printer


def run_stack(env: Env) -> int:
    owner = find_owner()
    layout = plan_layout(env.var, env.port, is_root=os.geteuid() == 0)
    _check_place(env, layout)
    with hold_lock(layout, env.port):
        printer = Printer(sys.stdout, colour=wants_colour(sys.stdout))
        _clear_leftovers(layout, printer)
        preflight.check_port(env.host, env.port)
        make_folders(layout, owner)
        _on_signals(_interrupt)
        try:
            with _supervise(env, layout, owner, printer) as running:
                _bring_up(running)
                _watch(running)
        except KeyboardInterrupt:
            return 0


def _check_place(env: Env, layout: Layout) -> None:
    for path in (REPOSITORY, layout.home):
        preflight.check_path(path)
    preflight.check_writable(layout.home)
    for folder in {layout.home, layout.data}:
        preflight.check_disk(folder)
    if env.engine is Engine.LLAMACPP:
        preflight.check_lm(env.lm_path)


def _clear_leftovers(layout: Layout, printer: Printer) -> None:
    if leftovers := list_leftovers(layout):
        printer.say(
            f"지난번에 강제로 끝난 실행의 프로세스 {len(leftovers)}개를 먼저 정리하는 중… / "
            f"ending {len(leftovers)} processes that a killed run left behind …"
        )
        end_leftovers(layout, leftovers)


@contextmanager
def _supervise(env: Env, layout: Layout, owner: Owner, printer: Printer) -> Iterator[Running]:
    embedded = build_embedded(
        layout, owner, with_postgres=env.database_url is None, with_valkey=env.redis_url is None, say=printer.say
    )
    environ = build_environ(env, layout, embedded)
    programs = list_programs(env, embedded.services, owner)
    follower = LogFollower(layout.log, [program.name for program in programs], printer)
    try:
        daemon = start_supervisord(layout, programs, environ)
        supervision = Supervision(layout.supervisor_socket)
        yield Running(env, layout, embedded, environ, supervision, daemon, follower, printer)
    finally:
        _stop(layout, follower, printer)


def build_environ(env: Env, layout: Layout, embedded: Embedded) -> dict[str, str]:
    """What every process of the run inherits: the same variables that a deployment sets by hand."""
    return {
        **os.environ,
        "DATABASE_URL": env.database_url or embedded.get_url("postgres"),
        "REDIS_URL": env.redis_url or embedded.get_url("valkey"),
        "PORT": str(env.port),
        "MARY_SECRET_KEY": env.secret_key or read_or_create_secret(layout.home / "secret_key"),
        "MARY_VAR": str(env.var),
        "DJANGO_SETTINGS_MODULE": env.settings_module,
        "PYTHONUNBUFFERED": "1",
        TAG: str(layout.home),
    }


def _bring_up(running: Running) -> None:
    layout, printer, idle = running.layout, running.printer, running.follower.print_for
    if running.embedded.services:
        printer.say(f"데이터베이스와 브로커를 켜는 중… / starting PostgreSQL and Valkey … ({layout.data})")
        running.supervision.start(Group.SERVICES)
        running.embedded.wait_until_up(layout.log, idle)
    printer.say("표와 캐릭터를 맞추는 중… / migrating and seeding …")
    demo = find_demo_account(prepare_database(running.environ, printer))
    printer.say("웹과 추론 워커를 켜는 중… / starting web, inference worker and Celery …")
    running.supervision.start(Group.APP)
    wait_for_web(running.env, layout.log, idle)
    printer.say(render_welcome(running.env, demo, is_first=not layout.welcomed.exists()))
    layout.welcomed.touch()


def _watch(running: Running) -> NoReturn:
    """Until a signal (KeyboardInterrupt) or until supervisord itself is gone."""
    told: set[str] = set()
    next_check = time.monotonic()
    while running.daemon.poll() is None:
        running.follower.print_for(POLL_SECONDS)
        if time.monotonic() >= next_check:
            next_check = time.monotonic() + GIVEN_UP_CHECK_SECONDS
            _tell_given_up(running, told)
    raise supervisor_gone(running.layout.log / "supervisord.log")


def _tell_given_up(running: Running, told: set[str]) -> None:
    with suppress(OSError, Fault):  # it is just ending, which the caller sees next
        for name in set(running.supervision.list_given_up()) - told:
            told.add(name)
            log = running.layout.log / f"{name}.log"
            running.printer.say(f"✗ {name}: 계속 죽어서 더는 켜지 않습니다 / keeps dying, given up → {log}")


def _stop(layout: Layout, follower: LogFollower, printer: Printer) -> None:
    """In order and gently; a second Ctrl-C, or too long a wait, ends it hard."""
    hurry: list[int] = []
    _on_signals(lambda number, frame: hurry.append(number))
    printer.say("\n모두 끄는 중… (한 번 더 누르면 바로 끕니다) / stopping … (Ctrl-C again: at once)")
    supervision = Supervision(layout.supervisor_socket)
    with suppress(OSError, Fault):  # not up yet, going already, or gone: then only leftovers remain
        supervision.shut_down()
    deadline = time.monotonic() + STOP_SECONDS
    while supervision.is_answering() and not hurry and time.monotonic() < deadline:
        follower.print_for(POLL_SECONDS)
    if remaining := list_leftovers(layout):
        end_leftovers(layout, remaining, gently=not hurry)
    follower.print_new()
    follower.close()
    shutil.rmtree(layout.runtime)
    printer.say("모두 껐습니다. / all stopped.")


def _on_signals(handler: "signal._HANDLER") -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
