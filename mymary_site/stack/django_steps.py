"""Django's part of a start: migrations, seed, and the first answer of the web process."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from mymary_site.env import REPOSITORY, Env
from mymary_site.stack.embedded import wait_for
from mymary_site.stack.log_lines import Printer
from mymary_site.stack.refusals import step_failed
from mymary_site.stack.welcome import DEMO_PATTERN, get_visit_host

STEP = "setup"


def prepare_database(environ: Mapping[str, str], printer: Printer) -> list[str]:
    """Returns what it printed: the demo account's password is shown in the welcome, not in a log line."""
    command = [sys.executable, "-m", "mymary_site.stack.prepare_database"]
    lines = []
    with subprocess.Popen(
        command, cwd=REPOSITORY, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None  # noqa: S101  (asked for above)
        try:
            for line in map(str.rstrip, process.stdout):
                lines.append(line)
                if not DEMO_PATTERN.search(line):
                    printer.print_line(STEP, line)
        except BaseException:  # Ctrl-C and kill as well: `with` would wait for the step to end by itself
            process.terminate()
            raise
    if process.returncode != 0:
        raise step_failed("migrate, seed", lines)
    return lines


def wait_for_web(env: Env, log: Path, idle: Callable[[float], None]) -> None:
    host = get_visit_host(env.host)
    wait_for(lambda: _is_answering(host, env.port), "web", log / "web.log", idle)


def _is_answering(host: str, port: int) -> bool:
    """Any HTTP answer will do: what it says is for the tests and the person to judge."""
    connection = HTTPConnection(host, port, timeout=5)
    try:
        connection.request("HEAD", "/")
        connection.getresponse()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
    return True
