"""Which processes a run has, and with which limits they start."""

from mymary_site.env import read_env
from mymary_site.stack.owner import Owner
from mymary_site.stack.programs import Group, list_programs
from mymary_site.stack.service import Service

SOMEBODY_ELSE = Owner(name="postgres", uid=4_000_000, gid=4_000_000)
POSTGRES = Service("postgres", ("postgres",), "postgresql://…", "INT")


def test_services_come_before_the_app() -> None:
    programs = list_programs(read_env({}), (POSTGRES,), SOMEBODY_ELSE)
    assert [program.name for program in programs] == ["postgres", "web", "worker", "celery", "celery-training", "beat"]
    assert [program.group for program in programs][:2] == [Group.SERVICES, Group.APP]


def test_only_services_run_as_another_user() -> None:
    programs = list_programs(read_env({}), (POSTGRES,), SOMEBODY_ELSE)
    assert [program.user for program in programs] == ["postgres", None, None, None, None, None]


def test_daphne_leaves_room_for_the_app_to_answer_an_oversized_frame() -> None:
    web = list_programs(read_env({"PORT": "8123", "MARY_HOST": "::1"}), (), SOMEBODY_ELSE)[0]
    command = " ".join(web.command)
    assert "-b ::1 -p 8123" in command
    assert "--websocket-max-message-size 131072 --websocket-max-frame-size 131072" in command


def test_training_has_a_queue_and_a_worker_of_its_own() -> None:
    programs = {program.name: " ".join(program.command) for program in list_programs(read_env({}), (), SOMEBODY_ELSE)}
    assert "--queues=training --concurrency=1" in programs["celery-training"]
    assert "--queues=celery " in programs["celery"]
