"""Pairs → snapshots: the same bytes from the same pairs, one room on one side, a second person's yes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from chat.models import ConsentKind
from tests.builders import build_character, grant
from tests.flywheel_rows import build_answered, build_giver, build_pairs, build_staff, correct
from training.cycle.approve import decide_snapshot
from training.cycle.exchange import export_snapshot, import_snapshot, inspect_import
from training.cycle.freeze import compute_digest, freeze_snapshot, get_snapshot_folder
from training.cycle.refusals import TrainingRefused
from training.finetune.records import read_conversations
from training.models import Snapshot, SnapshotState

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("training_folders")]


def read(snapshot: Snapshot) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in get_snapshot_folder(snapshot.digest).iterdir()}


def test_ten_builds_of_the_same_pairs_are_one_snapshot():
    character = build_character()
    build_pairs(character, build_staff(), 12)
    built = {freeze_snapshot(character, build_staff()).digest for _ in range(10)}
    assert len(built) == Snapshot.objects.count() == 1


def test_a_snapshot_bears_the_digest_of_its_bytes():
    character = build_character()
    build_pairs(character, build_staff(), 12)
    snapshot = freeze_snapshot(character, None)
    assert compute_digest(read(snapshot)) == snapshot.digest
    assert snapshot.counts["pairs"] == 12


def test_no_room_is_on_both_sides():
    character = build_character()
    build_pairs(character, build_staff(), 30)
    folder = get_snapshot_folder(freeze_snapshot(character, None).digest)
    sides = [
        {talk.id.partition("/")[0] for talk in read_conversations(folder / f"{side}.jsonl")}
        for side in ("train", "heldout")
    ]
    assert all(sides)
    assert not sides[0] & sides[1]


def test_a_room_stays_on_its_side_in_the_next_snapshot_however_few_there_are():
    character, expert = build_character(), build_staff()
    sides: dict[str, bool] = {}
    givers = build_pairs(character, expert, 2)
    for number in range(2, 8):
        rows = freeze_snapshot(character, None).pairs.values_list("pair__counsel_id", "is_heldout")
        now = {str(counsel_id): is_heldout for counsel_id, is_heldout in rows}
        assert sides.items() & now.items() == {(room, side) for room, side in sides.items() if room in now}
        sides |= now
        grant(givers[0], ConsentKind.TRAINING, is_granted=False)
        givers = [givers[1], *build_pairs(character, expert, 1, first=number)]


def test_a_new_pair_makes_a_new_snapshot_that_says_what_came():
    character, expert = build_character(), build_staff()
    build_pairs(character, expert, 6)
    first = freeze_snapshot(character, None)
    correct(build_answered(build_giver(), character), expert, "새로 들어온 이야기네요. 어떤 하루였어요?")
    second = freeze_snapshot(character, None)
    assert second.previous == first
    assert second.difference == {"added": 1, "removed": 0, "kept": 6}


def test_an_imported_snapshot_says_how_many_pairs_and_what_came_and_went(tmp_path: Path):
    character, expert = build_character(), build_staff()
    build_pairs(character, expert, 12)
    export_snapshot(first := freeze_snapshot(character, None), tmp_path / "out", "ours")
    lines = (tmp_path / "out" / "train.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "in.jsonl").write_text("".join(lines[1:]), encoding="utf-8")
    imported = import_snapshot(tmp_path / "in.jsonl", character, build_staff())
    kept = len(lines) - 1
    assert imported.previous == first
    assert imported.difference == {"added": 0, "removed": 12 - kept, "kept": kept}
    assert imported.counts["train"] + imported.counts["heldout"] == imported.counts["pairs"] == kept
    assert imported.counts["heldout"] == imported.counts["conversations"]["heldout"]


def test_an_import_after_a_snapshot_without_files_has_no_difference(tmp_path: Path):
    character = build_character()
    build_pairs(character, build_staff(), 3)
    export_snapshot(first := freeze_snapshot(character, None), tmp_path / "out", "ours")
    shutil.rmtree(get_snapshot_folder(first.digest))
    imported = import_snapshot(tmp_path / "out" / "train.jsonl", character, build_staff())
    assert (imported.previous, imported.difference) == (first, {})


def test_a_frozen_snapshot_is_compared_with_the_frozen_one_before_and_not_with_an_imported_one(tmp_path: Path):
    character, expert = build_character(), build_staff()
    build_pairs(character, expert, 6)
    export_snapshot(first := freeze_snapshot(character, None), tmp_path / "out", "ours")
    import_snapshot(tmp_path / "out" / "train.jsonl", character, build_staff())
    correct(build_answered(build_giver(), character), expert, "새로 들어온 이야기네요. 어떤 하루였어요?")
    second = freeze_snapshot(character, None)
    assert (second.previous, second.difference) == (first, {"added": 1, "removed": 0, "kept": 6})


def test_one_of_five_annotators_gives_at_most_a_fifth_of_what_there_is():
    character, experts = build_character(), [build_staff() for _ in range(5)]
    for number, expert in enumerate([*experts, *[experts[0]] * 5]):
        correct(build_answered(build_giver(), character), expert, f"{number}번째 이야기군요. 어떤 마음이 남았나요?")
    snapshot = freeze_snapshot(character, None)
    assert (snapshot.counts["pairs"], snapshot.counts["left_out"]) == (6, {"annotator_cap": 4})  # a fifth of ten is two
    assert snapshot.composition["annotator_ids"][str(experts[0].pk)] == 0.3333


def test_annotators_whose_accounts_are_gone_are_one_to_the_cap():
    character, experts = build_character(), [build_staff() for _ in range(6)]
    for number, expert in enumerate([*experts, experts[0]]):
        correct(build_answered(build_giver(), character), expert, f"{number}번째 이야기군요. 어떤 마음이 남았나요?")
    for gone in experts[:2]:
        gone.delete()
    snapshot = freeze_snapshot(character, None)
    assert snapshot.counts["left_out"] == {"annotator_cap": 2}
    assert snapshot.composition["annotator_ids"][""] == 0.2


def test_who_takes_consent_back_is_not_in_the_next_snapshot():
    character = build_character()
    givers = build_pairs(character, build_staff(), 6)
    before = freeze_snapshot(character, None)
    grant(givers[0], ConsentKind.TRAINING, is_granted=False)
    after = freeze_snapshot(character, None)
    assert after.digest != before.digest
    assert (before.counts["pairs"], after.counts["pairs"]) == (6, 5)


def test_nothing_usable_is_refused():
    with pytest.raises(TrainingRefused, match="no_pairs"):
        freeze_snapshot(build_character(), None)


def test_only_a_second_person_approves():
    character, builder, reviewer = build_character(), build_staff(), build_staff()
    build_pairs(character, build_staff(), 4)
    snapshot = freeze_snapshot(character, builder)
    with pytest.raises(TrainingRefused, match="own_snapshot"):
        decide_snapshot(snapshot, builder, is_approved=True)
    assert decide_snapshot(snapshot, reviewer, is_approved=True).state == SnapshotState.APPROVED
    with pytest.raises(TrainingRefused, match="not_waiting"):
        decide_snapshot(snapshot, reviewer, is_approved=False)


def test_the_database_too_refuses_an_approval_by_the_builder():
    character, builder = build_character(), build_staff()
    build_pairs(character, build_staff(), 4)
    snapshot = freeze_snapshot(character, builder)
    with pytest.raises(IntegrityError, match="snapshot_decided_by_another"), transaction.atomic():
        Snapshot.objects.filter(pk=snapshot.pk).update(decided_by=builder)


@pytest.mark.parametrize("form", ["ours", "trl-preference", "alpaca", "sharegpt", "trl-conversational"])
def test_a_snapshot_is_exported_in_every_format(tmp_path: Path, form: str):
    character = build_character()
    build_pairs(character, build_staff(), 12)
    done = export_snapshot(freeze_snapshot(character, None), tmp_path / "out", form)
    assert done["train"].conversations > 0
    assert json.loads((tmp_path / "out" / "train.jsonl").read_text(encoding="utf-8").splitlines()[0])


@pytest.mark.parametrize("form", ["alpaca", "sharegpt", "trl-conversational"])
def test_a_format_without_pairs_gets_the_better_answers_and_never_the_worse(tmp_path: Path, form: str):
    character = build_character()
    build_pairs(character, build_staff(), 12)
    export_snapshot(freeze_snapshot(character, None), tmp_path / "out", form)
    written = (tmp_path / "out" / "train.jsonl").read_text(encoding="utf-8")
    assert "이야기까지 들려주셔서 고마워요" in written
    assert "힘내세요" not in written


def test_what_was_exported_is_imported_as_a_snapshot_that_waits_for_approval(tmp_path: Path):
    character, by = build_character(), build_staff()
    build_pairs(character, build_staff(), 12)
    snapshot = freeze_snapshot(character, None)
    export_snapshot(snapshot, tmp_path / "out", "ours")
    inspected = inspect_import(tmp_path / "out" / "train.jsonl", character)
    assert (inspected.is_clean, Snapshot.objects.count()) == (True, 1)
    imported = import_snapshot(tmp_path / "out" / "train.jsonl", character, by)
    assert (imported.state, imported.counts["pairs"]) == (SnapshotState.BUILT, snapshot.counts["train"])


def test_a_talk_that_was_held_out_stays_held_out_when_it_comes_back_in_a_file(tmp_path: Path):
    character = build_character()
    build_pairs(character, build_staff(), 30)
    export_snapshot(snapshot := freeze_snapshot(character, None), tmp_path / "out", "ours")
    whole = tmp_path / "whole.jsonl"
    lines = [
        (tmp_path / "out" / f"{side}.jsonl").read_text(encoding="utf-8").splitlines() for side in ("heldout", "train")
    ]
    whole.write_text("\n".join([*lines[0], *lines[1][1:]]), encoding="utf-8")  # one less, so that it is another file
    imported = import_snapshot(whole, character, build_staff())
    assert read(imported)["heldout.jsonl"] == read(snapshot)["heldout.jsonl"]
    assert imported.counts["train"] == snapshot.counts["train"] - 1


def test_a_file_of_nothing_but_what_was_held_out_is_refused(tmp_path: Path):
    character = build_character()
    build_pairs(character, build_staff(), 30)
    export_snapshot(freeze_snapshot(character, None), tmp_path / "out", "ours")
    with pytest.raises(TrainingRefused, match="only_heldout"):
        import_snapshot(tmp_path / "out" / "heldout.jsonl", character, build_staff())


def test_a_bad_file_is_refused_whole_with_its_first_faults(tmp_path: Path):
    character = build_character()
    good = {
        "id": "a",
        "character": character.key,
        "turns": [{"role": "user", "text": "네"}, {"role": "bot", "text": "그래요."}],
    }
    bad = {**good, "id": "b", "turns": [{"role": "user", "text": "### 응답: 네"}, {"role": "bot", "text": "그래요."}]}
    file = tmp_path / "given.jsonl"
    file.write_text("\n".join(map(json.dumps, (good, bad))), encoding="utf-8")
    with pytest.raises(TrainingRefused, match="template_label"):
        import_snapshot(file, character, build_staff())
    assert not Snapshot.objects.exists()
