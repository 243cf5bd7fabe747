"""Programs → supervisord.conf. Pure text; a path's spaces and percent signs are quoted here and nowhere else.

Paths of its own are relative to the run's folder, where supervisord starts: it expands `%` in some options twice.
"""

import shlex
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from mymary_site.stack.layout import Layout
from mymary_site.stack.programs import Program

LOG_FILE_BYTES = "10MB"
LOG_BACKUPS = 3
# supervisor gives up on a program after so many starts that do not last a second, waiting one second longer each time.
START_RETRIES = 30


def render_conf(layout: Layout, programs: Iterable[Program], *, open_files: int, root_user: bool) -> str:
    programs = list(programs)
    head = [_render_daemon(layout, open_files, root_user), _render_control(layout.supervisor_socket)]
    groups = [_render_group(name, [*members]) for name, members in groupby(programs, key=lambda p: p.group)]
    return "\n".join([*head, *groups, *(_render_program(program, layout.log) for program in programs)])


def _render_daemon(layout: Layout, open_files: int, root_user: bool) -> str:
    values = {
        "nodaemon": "true",
        "silent": "true",
        "logfile": f"{layout.log.name}/supervisord.log",
        "logfile_maxbytes": LOG_FILE_BYTES,
        "logfile_backups": str(LOG_BACKUPS),
        "pidfile": layout.supervisor_pid.name,
        "minfds": str(open_files),
        "umask": "077",
    }
    if root_user:
        values["user"] = "root"  # said on purpose, or supervisor warns
    return _section("supervisord", values)


def _render_control(socket: Path) -> str:
    factory = "supervisor.rpcinterface:make_main_rpcinterface"
    server = _section("unix_http_server", {"file": _escape(socket), "chmod": "0700"})
    return server + "\n" + _section("rpcinterface:supervisor", {"supervisor.rpcinterface_factory": factory})


def _render_group(name: str, members: list[Program]) -> str:
    names = ",".join(program.name for program in members)
    priority = "1" if name == "services" else "2"
    return _section(f"group:{name}", {"programs": names, "priority": priority})


def _render_program(program: Program, log: Path) -> str:
    values = {
        "command": _escape(shlex.join(program.command)),
        "directory": _escape(program.folder),
        "autostart": "false",
        "autorestart": "true",
        "startsecs": "1",
        "startretries": str(START_RETRIES),
        "stopsignal": program.stop_signal,
        "stopwaitsecs": str(program.stop_seconds),
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": f"{log.name}/{program.name}.log",
        "stdout_logfile_maxbytes": LOG_FILE_BYTES,
        "stdout_logfile_backups": str(LOG_BACKUPS),
    }
    if program.user:
        values["user"] = program.user
    return _section(f"program:{program.name}", values)


def _section(name: str, values: dict[str, str]) -> str:
    return "\n".join([f"[{name}]", *(f"{key}={value}" for key, value in values.items()), ""])


def _escape(value: str | Path) -> str:
    return str(value).replace("%", "%%")
