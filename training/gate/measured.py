"""What the evaluators hand over to the checks: plain values of both sides, nothing decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from training.evaluation.scores import HeldoutScores

Side = Literal["candidate", "live"]
CANDIDATE: Final[Side] = "candidate"
LIVE: Final[Side] = "live"

FIXED_SERVED: Final = ("smoke",)
SERVED: Final = ("heldout", "fresh", *FIXED_SERVED)
"""Groups of ordinary talks, answered as people get it; the fixed ones are nobody's words."""
EVALUATORS: Final = ("weights", "replies", "latency", "likelihood", "coherence")
CANARIES: Final = "canaries"
JUDGE: Final = "judge"


@dataclass(frozen=True)
class Reply:
    """`text`: as people read it; `raw`: as the lm wrote it, before the filters."""

    text: str
    raw: str = ""


@dataclass(frozen=True)
class Exchange:
    """One case, answered by both sides. `case` is `talk/place` for held-out talks, else the name of the case.

    A clinical one counts in every figure and is shown to nobody.
    """

    case: str
    prompt: str  # the user's last message
    candidate: Reply
    live: Reply
    reference: str = ""  # what was written there, for held-out talks
    is_clinical: bool = False

    @property
    def talk(self) -> str:
        return self.case.partition("/")[0]

    def side(self, side: Side) -> Reply:
        return self.candidate if side == CANDIDATE else self.live


@dataclass(frozen=True)
class Group:
    """`expected`: names of all cases that had to be answered."""

    expected: tuple[str, ...]
    exchanges: tuple[Exchange, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        answered = {exchange.case for exchange in self.exchanges}
        return tuple(case for case in self.expected if case not in answered)


@dataclass(frozen=True)
class Weights:
    """`broken`: the first tensor with a value that is no finite number. `same_as`: what has these very weights."""

    broken: str = ""
    same_as: str = ""


@dataclass(frozen=True)
class Canary:
    """`found`: how the candidate went on after each way of putting the prefix."""

    prefix: str
    secret: str
    found: tuple[str, ...]


@dataclass(frozen=True)
class Timing:
    """Of one prompt, one request at a time."""

    first_seconds: float
    token_seconds: float  # for each token after the first


@dataclass(frozen=True)
class Timings:
    candidate: tuple[Timing, ...]
    live: tuple[Timing, ...]


@dataclass(frozen=True)
class Judged:
    """Scores of both sides by case; a row has the judge's items in order."""

    candidate: Mapping[str, tuple[float, ...]]
    live: Mapping[str, tuple[float, ...]]
    expected: tuple[str, ...]


@dataclass(frozen=True)
class Measured:
    """None is an evaluator that handed nothing over; `failed` says why, by its name."""

    character: str
    groups: Mapping[str, Group] | None = None
    weights: Weights | None = None
    canaries: tuple[Canary, ...] | None = None
    canaries_expected: int = 0
    timings: Timings | None = None
    likelihood: Mapping[str, HeldoutScores] | None = None  # by file: heldout, fresh
    live_side: str = "live"  # the live one's name in the scores; "base" where no adapter is live
    coherence: Mapping[Side, Mapping[str, float]] | None = None  # case → mean log p of a token by the bare base
    judged: Judged | None = None
    has_fresh: bool = False
    fresh_left_out: int = 0  # replies of newer talks that were too few to be handed over
    has_judge: bool = False
    is_judge_kept_from_talks: bool = False
    failed: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0

    def find(self, evaluator: str) -> object | None:
        """What the evaluator of this name handed over."""
        found = {
            "weights": self.weights,
            "replies": self.groups,
            CANARIES: self.canaries,
            "latency": self.timings,
            "likelihood": self.likelihood,
            "coherence": self.coherence,
            JUDGE: self.judged,
        }
        return found[evaluator]

    @property
    def evaluators(self) -> tuple[str, ...]:
        """Those without which nothing passes: of canaries and judge where there are any."""
        by_choice = {CANARIES: self.canaries_expected > 0, JUDGE: self.has_judge}
        return (*EVALUATORS, *(name for name, is_there in by_choice.items() if is_there))
