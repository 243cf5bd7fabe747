"""The processes of a run and how each one starts and stops."""

import sys
from dataclasses import dataclass
from enum import StrEnum

from mymary_site.env import REPOSITORY, Env
from mymary_site.stack.owner import Owner
from mymary_site.stack.service import Service

# daphne cuts a socket at its limit without a word. Ours lies above the app's 64 KiB, so that the app can answer.
DAPHNE_FRAME_BYTES = 131_072
APP_STOP_SECONDS = 6
# What the worker has not finished by then it gives back, before supervisor ends it.
DRAIN_SECONDS = 3
SERVICE_STOP_SECONDS = 10


class Group(StrEnum):
    """Started in this order, stopped in the other one; inside a group all at once."""

    SERVICES = "services"
    APP = "app"


@dataclass(frozen=True)
class Program:
    name: str
    group: Group
    command: tuple[str, ...]
    folder: str
    user: str | None
    stop_signal: str
    stop_seconds: int


def list_programs(env: Env, services: tuple[Service, ...], owner: Owner) -> list[Program]:
    return [*(_from_service(service, owner) for service in services), *_list_app_programs(env)]


def _list_app_programs(env: Env) -> list[Program]:
    # `-m` and not the scripts beside it: their first line breaks when a checkout is moved.
    python = (sys.executable, "-m")
    frame_bytes = str(DAPHNE_FRAME_BYTES)
    daphne = ("daphne", "-b", env.host, "-p", str(env.port), "--no-server-name", "--application-close-timeout", "3")
    limits = ("--websocket-max-message-size", frame_bytes, "--websocket-max-frame-size", frame_bytes)
    celery = (*python, "celery", "-A", "mymary_site", "--quiet")
    quiet = ("--without-gossip", "--without-mingle")  # talk among Celery workers; here each has a queue of its own
    worker = (*celery, "worker", "--loglevel=INFO", *quiet)
    commands = {
        "web": (*python, *daphne, *limits, "mymary_site.asgi:application"),
        "worker": (sys.executable, "manage.py", "run_inference_worker", "--drain-seconds", str(DRAIN_SECONDS)),
        "celery": (*worker, "--queues=celery", "--concurrency=2"),
        # One at a time: a training run takes the whole machine. What it watches goes back to the queue on SIGTERM.
        "celery-training": (*worker, "--queues=training", "--concurrency=1", "--hostname=training@%h"),
        "beat": (*celery, "beat", "--loglevel=INFO", "--pidfile="),
    }
    return [
        Program(name, Group.APP, command, str(REPOSITORY), None, "TERM", APP_STOP_SECONDS)
        for name, command in commands.items()
    ]


def _from_service(service: Service, owner: Owner) -> Program:
    user = owner.name if owner.is_other_user else None
    return Program(service.name, Group.SERVICES, service.command, "/", user, service.stop_signal, SERVICE_STOP_SECONDS)
