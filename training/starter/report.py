"""`python -m training.starter.report`: results/*.json of `manage.py evaluate --out` → docs/starter-adapters.md.

The replies that are printed are the first ones of each file, in its order: nobody picks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
PAGE: Final = HERE.parents[1] / "docs" / "starter-adapters.md"
BEGIN, END = "<!-- results -->", "<!-- end of results -->"
SHOWN: Final = {"mary": 10, "mentos": 8, "expert": 5, "futfut": 7}
NAMES: Final = {"mary": "마리", "mentos": "멘토스", "expert": "전문 상담사", "futfut": "풋풋이"}


def main() -> None:
    results = {key: json.loads((HERE / "results" / f"{key}.json").read_text(encoding="utf-8")) for key in SHOWN}
    head, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    tail = rest.split(END)[1]
    lines = [*render_table(results), "", "## Thirty replies, unpicked", "", *render_replies(results)]
    PAGE.write_text(f"{head}{BEGIN}\n\n" + "\n".join(lines) + f"\n{END}{tail}", encoding="utf-8")


def render_table(results: dict[str, dict[str, Any]]) -> Iterator[str]:
    yield "| Character | | Perplexity | Pairs: better gained more | Form right | Faults | Different | BLEU | ROUGE-L |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for key, sides in results.items():
        for side in ("base", "adapter"):
            row = sides[side]
            faults = ", ".join(f"{name} {number}" for name, number in row["faults"].items()) or "none"
            gained = f"{row['reward_accuracy']:.0%} of {row['pairs']}" if row["reward_accuracy"] is not None else ""
            yield (
                f"| {NAMES[key] if side == 'base' else ''} | {side} | {row['perplexity']:.1f} | {gained} "
                f"| {row['form_right']:.0%} of {row['replies_sampled']} | {faults} | {row['different']} "
                f"| {row['bleu']:.1f} | {row['rouge_l']:.3f} |"
            )
    for side in ("base", "adapter"):
        rows = [sides[side] for sides in results.values()]
        asked = sum(row["replies_sampled"] for row in rows)
        right = sum(row["form_right"] * row["replies_sampled"] for row in rows)
        yield f"| all | {side} | | | {right / asked:.1%} of {asked} | | {sum(row['different'] for row in rows)} | | |"


def render_replies(results: dict[str, dict[str, Any]]) -> Iterator[str]:
    for key, number in SHOWN.items():
        yield f"### {NAMES[key]}\n"
        pairs = zip(results[key]["adapter"]["replies"], results[key]["base"]["replies"], strict=True)
        for ours, bare in list(pairs)[:number]:
            yield f"- {' / '.join(quote(text) for text in ours['talk'][1:])}"
            yield f"  - with the adapter: {ours['reply']}"
            yield f"  - bare base: {bare['reply']}"
            yield f"  - as it was written: {ours['written']}"
        yield ""


def quote(text: str) -> str:
    """A turn of the talk on one line."""
    return "“" + " ".join(text.split()) + "”"


if __name__ == "__main__":
    main()
