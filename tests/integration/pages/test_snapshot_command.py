"""`manage.py snapshot`: the same flows from a terminal, with a refusal as one line."""

import pytest
from django.core.management import CommandError, call_command

from tests.builders import build_character
from tests.flywheel_rows import build_pairs, build_staff
from training.models import Snapshot, SnapshotState

pytestmark = pytest.mark.django_db


@pytest.fixture
def built(capsys):
    character = build_character()
    build_pairs(character, build_staff())
    call_command("snapshot", "build", character.key, "--by", build_staff("builder").login_id)
    return Snapshot.objects.get()


def test_what_one_builds_another_approves(built):
    call_command("snapshot", "approve", built.digest[:8], "--by", build_staff("second", "reviewer").login_id)
    built.refresh_from_db()
    assert (built.state, built.decided_by.login_id) == (SnapshotState.APPROVED, "second")


@pytest.mark.parametrize(("person", "roles"), [("builder", ()), ("third", ("trainer",))])
def test_who_may_not_approve_is_told_so(built, person, roles):
    if roles:
        build_staff(person, *roles)
    with pytest.raises(CommandError):
        call_command("snapshot", "approve", built.digest[:8], "--by", person)
    built.refresh_from_db()
    assert built.state == SnapshotState.BUILT


def test_an_export_comes_back_by_import(built, tmp_path, capsys):
    call_command("snapshot", "export", built.digest, str(tmp_path), "--to", "ours")
    source, key = tmp_path / "train.jsonl", built.character.key
    call_command("snapshot", "import", str(source), key, "--by", "builder", "--dry-run")
    assert Snapshot.objects.count() == 1
    call_command("snapshot", "import", str(source), key, "--by", "builder")
    assert Snapshot.objects.count() == 2


def test_an_unknown_digest_is_one_line(db):
    with pytest.raises(CommandError, match="no snapshots begin with 'abc'"):
        call_command("snapshot", "export", "abc", "somewhere")
