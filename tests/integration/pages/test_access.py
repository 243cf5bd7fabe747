"""Who opens which page of the flywheel, and who acts: by permission, by POST, with a token."""

import pytest
from django.urls import reverse

from tests.builders import build_character
from tests.flywheel_pages import build_evaluation
from tests.flywheel_rows import build_snapshot
from training.models import Snapshot, SnapshotState

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("model", ["pair", "snapshot", "trainingrun", "evaluation", "withdrawal", "retrainpolicy"])
def test_an_annotator_opens_none_of_the_lists(client, as_role, model):
    as_role("annotator")
    assert client.get(reverse(f"admin:training_{model}_changelist")).status_code == 403


def test_an_annotator_opens_neither_serving_nor_lineage(client, as_role):
    as_role("annotator")
    for name in ("chat_adapter_changelist", "chat_release_changelist", "training_lineage"):
        assert client.get(reverse(f"admin:{name}")).status_code == 403


def test_acts_are_refused_to_those_who_may_only_look(client, as_role):
    evaluation = build_evaluation()
    run, snapshot = evaluation.run, evaluation.run.snapshot
    as_role("reviewer")
    acts = [
        reverse("admin:training_snapshot_build"),
        reverse("admin:training_snapshot_export", args=[snapshot.pk]),
        reverse("admin:training_trainingrun_start"),
        reverse("admin:training_trainingrun_cancel", args=[run.pk]),
        reverse("admin:training_trainingrun_evaluate", args=[run.pk]),
        reverse("admin:training_evaluation_promote", args=[evaluation.pk]),
    ]
    assert [client.post(act).status_code for act in acts] == [403] * len(acts)


def test_acts_need_a_post(client, as_role):
    evaluation = build_evaluation()
    as_role("trainer", "reviewer")
    for name, pk in (
        ("training_snapshot_decide", evaluation.run.snapshot_id),
        ("training_snapshot_export", evaluation.run.snapshot_id),
        ("training_trainingrun_cancel", evaluation.run_id),
        ("training_evaluation_promote", evaluation.pk),
        ("training_evaluation_vote", evaluation.pk),
    ):
        assert client.get(reverse(f"admin:{name}", args=[pk])).status_code == 405


def test_a_post_without_a_token_changes_nothing(client, as_role):
    snapshot = build_snapshot(build_character())
    Snapshot.objects.update(state=SnapshotState.BUILT, dt_decided=None)
    person = as_role("reviewer")
    strict = client.__class__(enforce_csrf_checks=True)
    strict.force_login(person)
    answer = strict.post(reverse("admin:training_snapshot_decide", args=[snapshot.pk]), {"decision": "approve"})
    assert answer.status_code == 403
    assert Snapshot.objects.get().state == SnapshotState.BUILT
