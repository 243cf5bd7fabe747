"""Rows of the flywheel, constraints and named queries. Models import only models, of chat's too."""

from training.models.arena import ArenaCase, ArenaChoice, ArenaVote
from training.models.evaluations import Evaluation, EvaluationState
from training.models.items import LEASE_MINUTES, ItemState, ReviewItem, ReviewLease, ReviewSkip, SkipReason
from training.models.lineage import RawAccess, Withdrawal, WithdrawalCause
from training.models.pairs import Pair, PairKind, PairState
from training.models.policies import RetrainPolicy
from training.models.ratings import SCALES, Rating, RatingReason, Scale
from training.models.runs import LIVE_RUN_STATES, RunState, TrainingRun
from training.models.snapshots import Snapshot, SnapshotPair, SnapshotState
from training.models.votes import RunVote

__all__ = [
    "LEASE_MINUTES",
    "LIVE_RUN_STATES",
    "SCALES",
    "ArenaCase",
    "ArenaChoice",
    "ArenaVote",
    "Evaluation",
    "EvaluationState",
    "ItemState",
    "Pair",
    "PairKind",
    "PairState",
    "Rating",
    "RatingReason",
    "RawAccess",
    "RetrainPolicy",
    "ReviewItem",
    "ReviewLease",
    "ReviewSkip",
    "RunState",
    "RunVote",
    "Scale",
    "SkipReason",
    "Snapshot",
    "SnapshotPair",
    "SnapshotState",
    "TrainingRun",
    "Withdrawal",
    "WithdrawalCause",
]
