"""`python -m benchmarks.table`: results/*.json → the tables in docs/benchmarks.md, between its two marks."""

from __future__ import annotations

import json
from collections.abc import Iterator
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


def render_training(dpo: dict[str, Any], sft: dict[str, Any]) -> list[str]:
    curve = dpo["curve"]
    lines = ["## Our trainer beside TRL's", "", render_place(dpo), ""]
    lines += [
        "| Work | Side | Seconds, each round | Examples/s | Ratio to TRL | Peak GiB | Mean log p, chosen / rejected |"
    ]
    lines += ["|---|---|---|---|---|---|---|"]
    for name, work in (("DPO, rated at eight turns", dpo["rated"]), ("DPO, single pairs", dpo["single"])):
        lines += _render_sides(f"{name}: {work['examples']} pairs, prompts of {work['prompt_tokens_mean']}", work)
    talks = sft["talks"]
    lines += _render_sides(f"SFT: {talks['examples']} answers of {talks['conversations']} conversations", talks)
    settings = ", ".join(f"{name} {value}" for name, value in dpo["trl_best"].items())
    tried = "; ".join(f"{row['settings']} {row['seconds']} s" for row in dpo["trl_tried"])
    tried_sft = "; ".join(f"batch {row['settings']['batch']} {row['seconds']} s" for row in sft["trl_tried"])
    lines += [
        "",
        f"TRL's best of those tried, DPO: {settings} ({tried}); SFT: batch {sft['trl_best']['batch']} ({tried_sft}).",
        "",
        f"Losses of {curve['steps']} steps of one pair each, in {curve['dtype']}: "
        f"at most {curve['largest_difference']:.1e} of the loss apart, {curve['last_difference']:.1e} at the last.",
    ]
    return [*lines, ""]


def _render_sides(work: str, figures: dict[str, Any]) -> Iterator[str]:
    titles = {"trl": "TRL", "trees": "ours", "plain": "ours, trees off"}
    for side, title in titles.items():
        if side not in figures:
            continue
        row = figures[side]
        ratio = f"**{row['ratio_to_trl']}** ({', '.join(map(str, row['ratios_to_trl']))})" if side != "trl" else "1"
        logps = f"{row['logps_chosen']:.2f} / {row['logps_rejected']:.2f}" if "logps_chosen" in row else ""
        seconds = ", ".join(map(str, row["seconds"]))
        yield (
            f"| {work if side == 'trl' else ''} | {title} | {seconds} | {row['examples_per_second']} | {ratio} "
            f"| {row['peak_memory_gib']} | {logps} |"
        )


def render_flywheel(figures: dict[str, Any]) -> list[str]:
    lines = ["## Once round the flywheel", "", render_place(figures), "", "| Step of `make flywheel` | Seconds |"]
    lines += ["|---|---|", *(f"| {step} | {seconds} |" for step, seconds in figures["seconds"].items())]
    lines.append(f"| **in all, with starting and stopping the stack** | **{figures['seconds_in_all']}** |")
    reasons = ", ".join(figures["bad_candidate"])
    return [*lines, "", f"{figures['corrections']} corrections. The spoilt candidate was refused for: {reasons}.", ""]


def render_pairs(figures: dict[str, Any]) -> list[str]:
    lines = ["## Rebuilding all pairs from their ratings", "", render_place(figures), ""]
    lines += [
        "| Ratings | Pairs | Seconds | Processor ms a rating | Peak memory before / after |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['ratings']:,} | {row['pairs']:,} | {row['seconds']:,} "
        f"| {1000 * row['processor_seconds'] / row['ratings']:.2f} "
        f"| {row['peak_mib_before']} / {row['peak_mib_after']} MiB |"
        for row in figures["sizes"]
    ]
    return [*lines, ""]


def main() -> None:
    names = ("serving", "sockets", "dpo_vs_trl", "sft_vs_trl", "flywheel", "pairs")
    serving, sockets, dpo, sft, flywheel, pairs = (json.loads((FOLDER / f"{name}.json").read_text()) for name in names)
    head, rest = PAGE.read_text().split(BEGIN)
    tail = rest.split(END)[1]
    lines = [*render_serving(serving), *render_sockets(sockets), *render_training(dpo, sft)]
    tables = "\n".join([*lines, *render_flywheel(flywheel), *render_pairs(pairs)])
    PAGE.write_text(f"{head}{BEGIN}\n\n{tables}\n{END}{tail}")


if __name__ == "__main__":
    main()
