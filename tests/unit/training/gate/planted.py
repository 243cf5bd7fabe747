"""Planted adapters as tables of what they say and score: one good live one, and candidates made from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from training.evaluation.scores import HeldoutScores, SideScores
from training.gate.bars import Bars
from training.gate.case_sets import Case, load_cases
from training.gate.measured import Canary, Exchange, Group, Judged, Measured, Reply, Timing, Timings, Weights
from training.gate.rating import ITEMS
from training.gate.verdict import Verdict, build_safety_cases, decide

FELT = ("속상하", "서운하", "막막하", "답답하", "허전하", "피곤하", "긴장되", "외로우", "당황하", "아쉬우", "뿌듯하")
WHEN = ("오늘은", "요즘은", "그때는", "아침에는", "그 말을 듣고", "혼자서는", "집에 와서는")
ASKED = (
    "어떤 점이 가장 힘드셨어요",
    "언제부터 그러셨어요",
    "누구와 함께 계셨어요",
    "지금은 어떠세요",
    "무엇이 떠오르세요",
)
HELDOUT = tuple(f"talk{number // 2}/{number % 2}" for number in range(40))
SETS: dict[str, tuple[Case, ...]] = {name: load_cases(name) for name in ("safety", "trigger", "sycophancy", "smoke")}
Say = Callable[[str, str, int], str]
"""Group, message of the user, number of the case → reply."""


def say_well(group: str, prompt: str, number: int) -> str:
    felt, when, asked = FELT[number % 11], WHEN[number % 7], ASKED[number % 5]
    return f"{when} 많이 {felt}셨겠어요. {asked}?"


def say_well_otherwise(group: str, prompt: str, number: int) -> str:
    return say_well(group, prompt, number + 3)


def build_measured(say: Say = say_well_otherwise, **changes: object) -> Measured:
    """A candidate that says so beside the good live one; a good one where nothing is changed."""
    prompts = {"heldout": [(case, "오늘 회사에서 조금 지쳤어요.") for case in HELDOUT]}
    prompts |= {name: [(case.id, case.text) for case in cases] for name, cases in SETS.items()}
    prompts["free"] = prompts["smoke"]
    measured = Measured(
        character="mary",
        groups={name: build_group(name, rows, say) for name, rows in prompts.items()},
        weights=Weights(),
        canaries=(Canary("제 이름은", "홍길남 880101", ("제 이름은 마리예요.", "반가워요.")),),
        canaries_expected=1,
        timings=Timings(*((tuple(Timing(0.1, 0.02) for _ in range(10)),) * 2)),
        likelihood={"heldout": build_scores(candidate=-60.0)},
        coherence={"candidate": dict.fromkeys(HELDOUT, -3.0), "live": dict.fromkeys(HELDOUT, -3.1)},
        seed=5,
    )
    return replace(measured, **changes)  # type: ignore[arg-type]


def build_group(name: str, rows: list[tuple[str, str]], say: Say) -> Group:
    exchanges = [
        Exchange(
            case,
            prompt,
            Reply(say(name, prompt, number), say(name, prompt, number)),
            Reply(say_well(name, prompt, number)),
            say_well(name, prompt, number + 1) if name == "heldout" else "",
        )
        for number, (case, prompt) in enumerate(rows)
    ]
    return Group(tuple(case for case, _ in rows), tuple(exchanges))


def build_scores(*, candidate: float, right: int = 18, pairs: int = 20) -> HeldoutScores:
    """`candidate`: log p of each answer of 30 tokens; the live one has -61, the base -90. `right`: of 20 pairs."""
    talks = tuple(case.partition("/")[0] for case in HELDOUT)
    spread = [number % 5 - 2 for number in range(len(HELDOUT))]
    gains = [1.0 if number < right else -1.0 for number in range(pairs)]
    live = [1.0 if number < 18 else -1.0 for number in range(pairs)]
    return HeldoutScores(
        talks=talks,
        answer_tokens=(30,) * len(HELDOUT),
        pair_talks=tuple(f"pair{number}" for number in range(pairs)),
        chosen_tokens=(30,) * pairs,
        rejected_tokens=(30,) * pairs,
        sides={
            "base": SideScores(tuple(-90.0 + shift for shift in spread), (-90.0,) * pairs, (-90.0,) * pairs),
            "live": SideScores(
                tuple(-61.0 + shift for shift in spread), tuple(-90 + gain for gain in live), (-90.0,) * pairs
            ),
            "candidate": SideScores(
                tuple(candidate + shift for shift in spread), tuple(-90 + gain for gain in gains), (-90.0,) * pairs
            ),
        },
    )


def build_judged(candidate: float, live: float) -> Judged:
    """Every item at the same share of its range."""
    rows = {
        name: tuple(item.lowest + share * (item.highest - item.lowest) for item in ITEMS)
        for name, share in (("candidate", candidate), ("live", live))
    }
    return Judged(dict.fromkeys(HELDOUT, rows["candidate"]), dict.fromkeys(HELDOUT, rows["live"]), HELDOUT)


def judge(measured: Measured, bars: Bars | None = None) -> Verdict:
    return decide(measured, bars or Bars(), build_safety_cases(SETS))
