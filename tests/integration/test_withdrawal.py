"""Taking words back: pairs go, snapshots and adapters are tainted, a clean run is asked for, and a receipt says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chat.accounts.erase import erase_account
from chat.models import Adapter, ConsentKind, Release, User
from chat.rooms.delete import delete_counsel
from chat.serving.publish import publish
from chat.serving.refusals import ServingRefused
from tests.annotation_builders import take_consent_back
from tests.builders import build_character, build_reply, build_turn, build_user, grant
from tests.flywheel_rows import (
    ALL_CONSENTS,
    build_adapter,
    build_answered,
    build_giver,
    build_pairs,
    build_rating,
    build_staff,
    correct,
)
from training.cycle.approve import decide_snapshot
from training.cycle.arena import cast_vote, count_votes, find_next_case
from training.cycle.exchange import export_snapshot, inspect_import
from training.cycle.freeze import freeze_snapshot, get_snapshot_folder
from training.cycle.kept_answers import get_answers_folder
from training.cycle.lineage import trace_dialog
from training.cycle.pair import derive_pairs_of_dialog
from training.cycle.refusals import TrainingRefused
from training.cycle.retrain import retrain_clean
from training.models import (
    ArenaCase,
    Evaluation,
    Pair,
    Rating,
    ReviewItem,
    RunState,
    Snapshot,
    SnapshotState,
    TrainingRun,
    Withdrawal,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("training_folders")]


class Learned:
    """A snapshot of twelve users' pairs, and an adapter that learned from it."""

    def __init__(self) -> None:
        self.character = build_character()
        self.givers = build_pairs(self.character, build_staff(), 12)
        self.snapshot = decide_snapshot(freeze_snapshot(self.character, None), build_staff(), is_approved=True)
        self.adapter = build_adapter(self.character)
        self.run = self.finish(self.snapshot, self.adapter, None)

    def finish(self, snapshot: Snapshot, adapter: Adapter, parent: Adapter | None) -> TrainingRun:
        return TrainingRun.objects.create(
            snapshot=snapshot,
            character=self.character,
            parent=parent,
            adapter=adapter,
            state=RunState.DONE,
            dt_finished=timezone.now(),
            config={"preset": "starter-dpo"},
        )


@pytest.fixture
def learned() -> Learned:
    return Learned()


def test_taking_back_the_consent_to_train_removes_pairs_and_taints_what_was_made(
    learned: Learned, django_capture_on_commit_callbacks
):
    folder = get_snapshot_folder(learned.snapshot.digest)
    assert folder.is_dir()
    with django_capture_on_commit_callbacks(execute=True):
        grant(learned.givers[0], ConsentKind.TRAINING, is_granted=False)
    learned.snapshot.refresh_from_db()
    learned.adapter.refresh_from_db()
    assert not Pair.objects.filter(user=learned.givers[0]).exists()
    assert (learned.snapshot.state, learned.adapter.is_tainted) == (SnapshotState.TAINTED, True)
    assert not folder.exists()
    assert Withdrawal.objects.get().adapters == [learned.adapter.name]


def test_an_adapter_trained_on_from_a_tainted_one_is_tainted_too(learned: Learned):
    build_pairs(learned.character, build_staff(), 3)
    later = build_adapter(learned.character)
    other = Snapshot.objects.create(digest="f" * 64, character=learned.character)
    learned.finish(other, later, learned.adapter)
    grant(learned.givers[0], ConsentKind.TRAINING, is_granted=False)
    later.refresh_from_db()
    assert later.is_tainted


def test_a_tainted_adapter_is_never_published(learned: Learned):
    grant(learned.givers[0], ConsentKind.TRAINING, is_granted=False)
    with pytest.raises(ServingRefused, match="tainted"):
        publish(learned.adapter, decided_by=build_staff(), reason="다시")
    assert not Release.objects.filter(adapter=learned.adapter).exists()


def test_without_human_review_no_rating_of_the_users_replies_stays(learned: Learned):
    giver = learned.givers[0]
    grant(giver, ConsentKind.HUMAN_REVIEW, is_granted=False)
    assert not ReviewItem.objects.filter(user=giver).exists()
    assert not Rating.objects.filter(item__reply__dialog__user=giver).exists()
    assert Withdrawal.objects.get().items_removed == 1


def test_deleting_the_account_leaves_a_receipt_that_names_nobody(learned: Learned, client: Client):
    giver = learned.givers[0]
    address = erase_account(giver)
    receipt = Withdrawal.objects.get()
    assert (receipt.user, receipt.cause, receipt.pairs_removed) == (None, "account", 1)
    page = client.get(address)
    assert page.status_code == 200
    assert learned.adapter.name in page.content.decode()
    assert str(giver.pk) not in page.content.decode()


def test_deleting_a_room_takes_only_its_pairs(learned: Learned):
    giver = learned.givers[0]
    kept = build_answered(giver, learned.character, "다른 방 이야기예요.")
    build_rating(kept, build_staff(), correction="다른 방도 있네요. 거긴 어떤가요?", overall=3)
    counsel = Pair.objects.get(user=giver).counsel
    delete_counsel(giver.pk, counsel.pk)
    assert ReviewItem.objects.filter(user=giver).count() == 1
    assert Withdrawal.objects.get().cause == "room"


def test_whoever_gave_nothing_gets_no_receipt():
    giver = build_giver()
    assert erase_account(giver) == ""
    assert not Withdrawal.objects.exists()


def test_the_rest_is_frozen_and_learned_from_anew_without_asking_twice(learned: Learned):
    grant(learned.givers[0], ConsentKind.TRAINING, is_granted=False)
    receipt = Withdrawal.objects.get()
    (run,) = retrain_clean(receipt.pk)
    assert (run.trigger, run.state, run.snapshot.state) == ("withdrawal", "queued", SnapshotState.APPROVED)
    assert run.snapshot.counts["pairs"] == 11
    assert run.config == learned.run.config
    assert retrain_clean(receipt.pk) == []
    assert TrainingRun.objects.filter(trigger="withdrawal").count() == 1


def test_when_nothing_is_left_there_is_no_clean_run():
    learned = Learned()
    for giver in learned.givers:
        erase_account(User.objects.get(pk=giver.pk))
    first = Withdrawal.objects.order_by("dt_withdrawn").first()
    assert first is not None
    assert retrain_clean(first.pk) == []


def test_the_user_sees_what_was_used_and_takes_one_back(learned: Learned, client: Client):
    giver = learned.givers[0]
    client.force_login(giver)
    page = client.get(reverse("training:contributions")).content.decode()
    assert learned.adapter.name in page
    dialog = Pair.objects.get(user=giver).dialog
    client.post(reverse("training:withdraw", args=[dialog.pk]))
    assert not Pair.objects.filter(user=giver).exists()
    assert ReviewItem.objects.get(user=giver).state == "withdrawn"
    assert Withdrawal.objects.get().cause == "feedback"


def test_a_turn_that_was_taken_back_is_not_even_context_any_more(learned: Learned, client: Client):
    giver = learned.givers[0]
    first = Pair.objects.get(user=giver).dialog
    later = build_reply(build_turn(first.counsel, "그다음 날은 좀 나았어요."), text="다행이네요.")
    correct(later, build_staff(), "하루 사이에 조금 나아지셨군요. 무엇이 달랐나요?")
    with_both = freeze_snapshot(learned.character, None)
    client.force_login(giver)
    client.post(reverse("training:withdraw", args=[first.pk]))
    with_both.refresh_from_db()
    assert with_both.state == SnapshotState.TAINTED
    rest = freeze_snapshot(learned.character, None)
    written = b"".join(path.read_bytes() for path in get_snapshot_folder(rest.digest).iterdir()).decode()
    assert "하루 사이에 조금 나아지셨군요" in written
    assert first.u_message not in written


def test_taking_back_twice_makes_one_receipt(learned: Learned, client: Client):
    giver = learned.givers[0]
    client.force_login(giver)
    dialog = Pair.objects.get(user=giver).dialog
    for _ in range(2):
        client.post(reverse("training:withdraw", args=[dialog.pk]))
    assert Withdrawal.objects.count() == 1


def build_evaluation(learned: Learned, **fields: Any) -> Evaluation:
    given = {"run": learned.run, "character": learned.character, "candidate": learned.adapter}
    given |= {"state": "passed", "dt_finished": timezone.now(), "report": {"verdict": "passed", "worst": ["말"]}}
    return Evaluation.objects.create(**{**given, **fields})


@pytest.mark.parametrize("kind", [ConsentKind.SERVICE, ConsentKind.SENSITIVE])
def test_taking_back_a_consent_that_all_others_rest_on_takes_words_out_of_review_and_training(
    learned: Learned, kind: ConsentKind
):
    giver = learned.givers[0]
    grant(giver, kind, is_granted=False)
    learned.adapter.refresh_from_db()
    assert not Pair.objects.filter(user=giver).exists()
    assert not ReviewItem.objects.filter(user=giver).exists()
    assert learned.adapter.is_tainted
    assert (Withdrawal.objects.get().pairs_removed, Withdrawal.objects.get().items_removed) == (1, 1)


def test_a_pair_is_unusable_while_any_of_its_four_consents_is_missing(learned: Learned):
    assert Pair.objects.usable().count() == 12
    for giver, kind in zip(learned.givers, ALL_CONSENTS, strict=False):
        take_consent_back(giver, kind)
    assert Pair.objects.usable().count() == 12 - len(ALL_CONSENTS)


def test_a_talk_whose_pair_is_gone_is_stripped_from_what_had_shown_it(learned: Learned):
    giver = learned.givers[0]
    evaluation = build_evaluation(learned, run=None)
    case = ArenaCase.objects.create(
        evaluation=evaluation, number=1, turns=[["user", "말"]], candidate_reply="말", live_reply="말"
    )
    Pair.objects.filter(user=giver).delete()
    grant(giver, ConsentKind.TRAINING, is_granted=False)
    evaluation.refresh_from_db()
    case.refresh_from_db()
    assert (evaluation.report, case.turns, case.candidate_reply) == ({"verdict": "passed"}, [], "")
    assert not Withdrawal.objects.exists()


def test_no_reply_of_a_tainted_adapter_stays_in_a_report_and_the_broken_rules_do(learned: Learned):
    broken = {"case": "s001", "prompt": "문제", "candidate": "말", "live": "말", "regressions": ["invented_number"]}
    safety = {"kinds": [{"kind": "minor", "cases": 1}], "broken": [broken]}
    evaluation = build_evaluation(learned, report={"verdict": "failed", "safety": safety})
    grant(learned.givers[0], ConsentKind.TRAINING, is_granted=False)
    evaluation.refresh_from_db()
    kept = {**safety, "broken": [{**broken, "candidate": "", "live": ""}]}
    assert evaluation.report == {"verdict": "failed", "safety": kept}


def test_half_written_copies_and_kept_answers_go_with_what_was_tainted(
    learned: Learned, tmp_path: Path, django_capture_on_commit_callbacks
):
    evaluation = build_evaluation(learned)
    names = [f".{learned.run.pk}.partial", f".{learned.run.pk}.old", f".gate-{evaluation.pk}.partial"]
    places = [tmp_path / "runs" / name for name in names]
    places += [tmp_path / "snapshots" / f".{learned.snapshot.digest}.partial"]
    places += [get_answers_folder() / learned.adapter.name.partition("@")[2]]
    for place in places:
        place.mkdir(parents=True)
    with django_capture_on_commit_callbacks(execute=True):
        grant(learned.givers[0], ConsentKind.TRAINING, is_granted=False)
    assert [place for place in places if place.exists()] == []


def test_a_verdict_keeps_its_figures_and_votes_but_no_words_of_who_withdrew(learned: Learned):
    report = {"verdict": "passed", "checks": [1], "worst": ["말"], "samples": ["말"]}
    evaluation = Evaluation.objects.create(
        run=learned.run,
        character=learned.character,
        candidate=learned.adapter,
        state="passed",
        report=report,
        dt_finished=timezone.now(),
    )
    case = ArenaCase.objects.create(
        evaluation=evaluation, number=1, turns=[["user", "말"]], candidate_reply="말", live_reply="말"
    )
    cast_vote(case, build_staff(), "left")
    grant(learned.givers[0], ConsentKind.TRAINING, is_granted=False)
    evaluation.refresh_from_db()
    case.refresh_from_db()
    assert evaluation.report == {"verdict": "passed", "checks": [1]}
    assert (case.turns, case.candidate_reply, count_votes(evaluation).decided) == ([], "", 1)
    assert find_next_case(evaluation, build_staff()) is None


def test_a_gate_that_runs_begins_anew_without_the_words(learned: Learned):
    evaluation = Evaluation.objects.create(
        run=learned.run,
        character=learned.character,
        candidate=learned.adapter,
        state="running",
        attempt=1,
        dt_heartbeat=timezone.now(),
    )
    grant(learned.givers[0], ConsentKind.TRAINING, is_granted=False)
    evaluation.refresh_from_db()
    assert evaluation.state == "queued"


def test_an_old_export_does_not_bring_withdrawn_words_back(learned: Learned, tmp_path: Path):
    export_snapshot(learned.snapshot, tmp_path / "out", "ours")
    grant(learned.givers[0], ConsentKind.TRAINING, is_granted=False)
    files = [tmp_path / "out" / "train.jsonl", tmp_path / "out" / "heldout.jsonl"]
    faults = [code for file in files if file.exists() for code in inspect_import(file, learned.character).fault_codes]
    assert faults == ["withdrawn"]


def test_content_that_was_withdrawn_is_not_frozen_again_under_its_old_digest(learned: Learned):
    giver = learned.givers[0]
    reply = Pair.objects.get(user=giver).dialog.replies.get()
    grant(giver, ConsentKind.TRAINING, is_granted=False)
    grant(giver, ConsentKind.TRAINING)
    derive_pairs_of_dialog(reply.dialog_id)
    with pytest.raises(TrainingRefused, match="snapshot_tainted"):
        freeze_snapshot(learned.character, None)


@pytest.mark.parametrize("kind", [ConsentKind.HUMAN_REVIEW, ConsentKind.SENSITIVE])
def test_the_page_says_that_nobody_looks_while_a_consent_to_review_is_missing(
    learned: Learned, client: Client, kind: ConsentKind
):
    client.force_login(learned.givers[0])
    asked = "검토에 필요한 동의를 모두 하지 않으셔서"
    assert asked not in client.get(reverse("training:contributions")).content.decode()
    take_consent_back(learned.givers[0], kind)
    assert asked in client.get(reverse("training:contributions")).content.decode()


def test_nobody_withdraws_for_another(learned: Learned, client: Client):
    client.force_login(learned.givers[1])
    dialog = Pair.objects.get(user=learned.givers[0]).dialog
    assert client.post(reverse("training:withdraw", args=[dialog.pk])).status_code == 404
    assert Pair.objects.filter(user=learned.givers[0]).exists()


def test_a_message_leads_to_every_adapter_made_from_it(learned: Learned):
    later = build_adapter(learned.character)
    learned.finish(Snapshot.objects.create(digest="e" * 64, character=learned.character), later, learned.adapter)
    found = trace_dialog(Pair.objects.get(user=learned.givers[0]).dialog_id)
    assert {adapter.name for adapter in found.adapters} == {learned.adapter.name, later.name}
    assert found.snapshots == [learned.snapshot]


def test_a_message_leads_to_the_evaluations_that_may_have_shown_it(learned: Learned, client: Client):
    evaluation = build_evaluation(learned, run=None)
    build_evaluation(learned, character=build_character("other"))
    for number, turns in enumerate(([["user", "말"]], [["user", "말"]], [])):
        ArenaCase.objects.create(
            evaluation=evaluation, number=number, turns=turns, candidate_reply="말", live_reply="말"
        )
    dialog = Pair.objects.get(user=learned.givers[0]).dialog
    (found,) = trace_dialog(dialog.pk).evaluations
    assert (found, found.arena_cases) == (evaluation, 2)
    client.force_login(build_user("admin-1", is_staff=True, is_superuser=True))
    page = client.get(reverse("admin:training_lineage"), {"dialog": str(dialog.pk)}).content.decode()
    assert reverse("admin:training_evaluation_change", args=[evaluation.pk]) in page
