"""The generated supervisord.conf means what was meant, whatever the path looks like."""

import configparser
import shlex
from pathlib import Path

from mymary_site.stack.layout import Layout
from mymary_site.stack.programs import Group, Program
from mymary_site.stack.supervisor_conf import render_conf

HOME = Path("/srv/my mary 50%/var/8000")
LAYOUT = Layout(home=HOME, data=HOME, binaries=HOME / "binaries", runtime=Path("/tmp/mymary-0-ab"))
POSTGRES = Program("postgres", Group.SERVICES, ("/bin/postgres", "-D", f"{HOME}/pg"), "/", "nobody", "INT", 10)
WEB = Program("web", Group.APP, ("python", "-m", "daphne"), "/srv/my mary 50%", None, "TERM", 6)
BEAT = Program("beat", Group.APP, ("python", "-m", "celery"), "/srv", None, "TERM", 6)


def parse(*programs: Program, root_user: bool = False) -> configparser.RawConfigParser:
    # The comment rule is supervisor's own; `%%` is what it turns back into `%`.
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"))
    parser.read_string(render_conf(LAYOUT, programs, open_files=1024, root_user=root_user).replace("%%", "%"))
    return parser


def test_a_command_survives_spaces_and_percent_signs() -> None:
    command = parse(POSTGRES)["program:postgres"]["command"]
    assert shlex.split(command) == ["/bin/postgres", "-D", "/srv/my mary 50%/var/8000/pg"]


def test_services_start_first_and_the_app_stops_as_one_group() -> None:
    conf = parse(POSTGRES, WEB, BEAT)
    assert (conf["group:services"]["programs"], conf["group:services"]["priority"]) == ("postgres", "1")
    assert (conf["group:app"]["programs"], conf["group:app"]["priority"]) == ("web,beat", "2")


def test_a_run_on_external_services_has_no_services_group() -> None:
    assert "group:services" not in parse(WEB, BEAT)


def test_a_crashed_program_is_started_again_but_none_starts_by_itself() -> None:
    web = parse(WEB)["program:web"]
    assert (web["autorestart"], web["autostart"]) == ("true", "false")


def test_postgres_stops_fast_and_as_its_own_user() -> None:
    postgres = parse(POSTGRES)["program:postgres"]
    assert (postgres["stopsignal"], postgres["user"]) == ("INT", "nobody")


def test_log_files_are_relative_to_the_run_and_rotate() -> None:
    web = parse(WEB)["program:web"]
    assert (web["stdout_logfile"], web["stdout_logfile_backups"]) == ("log/web.log", "3")


def test_only_root_is_named_as_supervisords_user() -> None:
    assert "user" not in parse(WEB)["supervisord"]
    assert parse(WEB, root_user=True)["supervisord"]["user"] == "root"
