"""Logs of several processes read as one, line by line."""

import io
from pathlib import Path

from mymary_site.stack.log_lines import FollowedFile, LogFollower, Printer


def test_only_lines_written_after_the_start_are_read(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_text("yesterday\n")
    followed = FollowedFile(log)
    with log.open("a") as stream:
        stream.write("today\nhal")
    assert list(followed.read_lines()) == ["today"]
    with log.open("a") as stream:
        stream.write("f\n")
    assert list(followed.read_lines()) == ["half"]
    followed.close()


def test_a_rotated_file_is_read_to_its_end_and_then_the_new_one(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.touch()
    followed = FollowedFile(log)
    log.write_text("old\n")
    log.rename(tmp_path / "web.log.1")
    log.write_text("new\n")
    assert list(followed.read_lines()) == ["old", "new"]
    followed.close()


def test_a_file_that_comes_later_is_read_from_its_beginning(tmp_path: Path) -> None:
    followed = FollowedFile(tmp_path / "web.log")
    assert list(followed.read_lines()) == []
    (tmp_path / "web.log").write_text("first\n")
    assert list(followed.read_lines()) == ["first"]
    followed.close()


def test_each_line_stands_under_its_process(tmp_path: Path) -> None:
    out = io.StringIO()
    follower = LogFollower(tmp_path, ["web", "postgres"], Printer(out, colour=False))
    (tmp_path / "web.log").write_text("안녕\n")
    (tmp_path / "postgres.log").write_text("ready\n")
    follower.print_new()
    follower.close()
    assert out.getvalue() == "web      | 안녕\npostgres | ready\n"


def test_a_process_keeps_its_colour() -> None:
    out = io.StringIO()
    printer = Printer(out, colour=True)
    for name in ("web", "celery", "web"):
        printer.print_line(name, "x")
    first, second, third = out.getvalue().splitlines()
    assert first == third == "\033[36mweb      |\033[0m x"
    assert second.startswith("\033[32m")
