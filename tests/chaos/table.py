"""The outcome as text, each zero with what it is worth: no case among n means below 3/n at 95 % (rule of three)."""

from __future__ import annotations

from tests.chaos.run import END_WITHIN_SECONDS, Outcome

WORTH = {
    "no accepted message lost": "accepted messages",
    "no message doubled": "accepted messages",
    "no message out of order": "accepted messages",
    "every reply ended": "replies",
    "one answer for each request": "replies",
    "transcript equals record": "transcripts",
    "protocol": "transcripts",
    "ended for every client": "transcripts",
    "one live reply a dialog": "kills",
    f"ended within {END_WITHIN_SECONDS:.0f} s": "kills",
}


def render_table(outcome: Outcome) -> str:
    looked_at = outcome.verdict.looked_at | {"kills": outcome.kills.total()}
    lines = [f"seed {outcome.seed}", ""]
    lines += [f"  {count:6}  {what}" for what, count in sorted(outcome.kills.items())]
    lines += [f"  {count:6}  {what}" for what, count in sorted(looked_at.items())]
    lines += [f"  {outcome.slowest_end_seconds:6.1f}  s: the slowest end after a restart"]
    lines += ["", "  broken  of     promise"]
    for promise, kind in WORTH.items():
        broken, total = len(outcome.verdict.broken[promise]), looked_at[kind]
        bound = f"   (< {300 / total:.2g} % at 95 %)" if not broken and total else ""
        lines.append(f"  {broken:6}  {total:<6} {promise}{bound}")
    lines += [f"  {promise}: {case}" for promise, cases in outcome.verdict.broken.items() for case in cases[:5]]
    return "\n".join(lines)
