"""`python -m benchmarks.table`: results/*.json → the tables in docs/benchmarks.md, between its two marks."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.results import FOLDER
from mymary_site.env import REPOSITORY

PAGE = REPOSITORY / "docs" / "benchmarks.md"
BEGIN, END = "<!-- results -->", "<!-- end of results -->"


def render_place(figures: dict[str, Any]) -> str:
    machine, versions = figures["machine"], figures["versions"]
    packages = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        f"{figures['date'][:10]}, commit `{figures['commit']}`, {machine['cpu']}, {machine['cores']} cores, "
        f"{machine['memory_gib']} GiB. {packages}."
    )


def render_serving(figures: dict[str, Any]) -> list[str]:
    first, room = figures["first_token"], figures["long_room"]
    lines = ["## Whole stack beside the bare llama.cpp server", "", render_place(figures), ""]
    lines += ["| Users | Tokens/s, stack / bare | Ratio, median | Ratios | Processor ms a token, stack / bare |"]
    lines += ["|---|---|---|---|---|"]
    lines += [
        f"| {row['users']} | {row['stack_tokens_per_second']} / {row['bare_tokens_per_second']} "
        f"| {row['ratio_median']} | {', '.join(map(str, row['ratios']))} "
        f"| {row['stack_processor_ms_per_token']} / {row['bare_processor_ms_per_token']} |"
        for row in figures["throughput"]
    ]
    lines += ["", "| First token | Figure |", "|---|---|"]
    lines.append(f"| added by the stack, 1 user, median of {first['repeats']} | {first['added_ms_median']} ms |")
    lines.append(f"| through the stack / bare | {first['stack_first_token_ms']} / {first['bare_first_token_ms']} ms |")
    lines.append(f"| 2nd turn of a room | {room['second_turn_ms']} ms |")
    lines.append(
        f"| {room['turns']}th turn, ratio to the 2nd | {room['twentieth_turn_ms']} ms, {room['ratio_median']} |"
    )
    return [*lines, ""]


def render_sockets(figures: dict[str, Any]) -> list[str]:
    return [
        f"## {figures['sockets']:,} idle sockets on one web process",
        "",
        render_place(figures),
        "",
        "| Figure | Value |",
        "|---|---|",
        f"| memory of each socket with its room open | {figures['kib_per_socket']} KiB |",
        f"| memory of the web process before / after | {figures['rss_before_mib']} / {figures['rss_after_mib']} MiB |",
        f"| alive after {figures['idle_seconds']:.0f} s | {figures['alive_after_idle']:,} |",
        f"| processor while idle | {figures['idle_cpu_percent']} % of one core |",
        f"| ping to pong, median / p99 | {figures['ping_ms_median']} / {figures['ping_ms_p99']} ms |",
        "",
    ]


def main() -> None:
    serving, sockets = (json.loads((FOLDER / f"{name}.json").read_text()) for name in ("serving", "sockets"))
    head, rest = PAGE.read_text().split(BEGIN)
    tail = rest.split(END)[1]
    tables = "\n".join([*render_serving(serving), *render_sockets(sockets)])
    PAGE.write_text(f"{head}{BEGIN}\n\n{tables}\n{END}{tail}")


if __name__ == "__main__":
    main()
