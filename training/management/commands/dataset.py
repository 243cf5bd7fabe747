"""`manage.py dataset`: convert, check or measure a file of conversations (docs/datasets.md). Needs no database."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from training.datasets.advice import ADVICE, OF_RECORDS, OR_SKIP
from training.datasets.conversion import Converted, convert_file
from training.datasets.formats import FORMATS, Format, guess_format
from training.datasets.inspection import SHOWN_FAULTS, Faults, inspect_file
from training.datasets.reading import read_conversations
from training.datasets.sketches import Histogram
from training.datasets.source import BrokenArrayError, OnBytes, raise_fault
from training.datasets.stats import Stats, measure_conversations
from training.finetune.records import RecordError

SHOWN_OPENINGS: Final = 10
REASON_CHARACTERS: Final = 200
LIST_OF_FORMATS: Final = "formats:\n" + "\n".join(f"  {form.name:20}{form.looks_like}" for form in FORMATS.values())
FILE_FORMS: Final = "JSON lines, or one JSON array"


class Command(BaseCommand):
    help = "Convert, check or measure a file of conversations, of any size, in our format or in those of others."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION", title="actions")
        convert = add_action(actions, "convert", "write SOURCE as TARGET in another format, all or nothing")
        convert.add_argument(
            "target", metavar="TARGET", type=Path, help="JSON lines; one JSON array if it ends in .json"
        )
        convert.add_argument(
            "--to", choices=FORMATS, default="ours", metavar="FORMAT", help="format of TARGET; ours unless given"
        )
        convert.add_argument(
            "--character", default="", metavar="KEY", help="whose answers these are, where SOURCE does not say: mary"
        )
        convert.add_argument("--skip-bad", action="store_true", help="leave out what is refused, and say what it was")
        convert.add_argument("--drop-repeated", action="store_true", help="leave out what came before but for its id")
        convert.add_argument("--force", action="store_true", help="overwrite TARGET if it is there")
        add_action(
            actions, "check", f"list what is wrong with SOURCE: the first {SHOWN_FAULTS} faults, and all by code"
        )
        add_action(actions, "stats", "count turns, lengths, pairs and how replies begin")

    def handle(self, *args: Any, action: str, source: Path, **options: Any) -> None:
        run = {"convert": self._convert, "check": self._check, "stats": self._measure}[action]
        try:
            if not source.is_file():
                raise RecordError("no_file", str(source), "there is no such file")
            form = FORMATS[options["from_format"]] if options["from_format"] else guess_format(source)
            run(source, form, **options)
        except RecordError as fault:
            raise CommandError(explain_fault(fault, is_skippable=action == "convert")) from fault
        except OSError as error:
            unreadable = RecordError("not_readable", str(error.filename or source), error.strerror or str(error))
            raise CommandError(explain_fault(unreadable)) from error

    def _convert(
        self,
        source: Path,
        form: Format,
        *,
        target: Path,
        to: str,
        character: str,
        skip_bad: bool,
        drop_repeated: bool,
        force: bool,
        **options: Any,
    ) -> None:
        check_target(target, is_overwriting=force)
        if to == "ours" and form.name != "ours" and not character:
            raise RecordError("no_character", source.name, f"a record of {form.name} does not name its character")
        faults = Faults()

        def skip(fault: RecordError) -> None:
            if isinstance(fault, BrokenArrayError):
                raise fault
            faults.add(fault)

        refuse = skip if skip_bad else raise_fault
        with show_progress(source) as on_bytes:
            done = convert_file(
                source,
                target,
                form,
                FORMATS[to],
                character,
                is_dropping_repeats=drop_repeated,
                refuse=refuse,
                on_bytes=on_bytes,
            )
        self._tell_conversion(done, target, f"{form.name} → {to}")
        self._list_faults(faults, "left out")

    def _tell_conversion(self, done: Converted, target: Path, formats: str) -> None:
        self.stdout.write(f"{formats}: {done.conversations:,} conversations, {done.records:,} records in {target}")
        for kind, count in done.losses.items():
            self.stdout.write(f"not kept: {count:,} {kind}")
        if done.repeated:
            self.stdout.write(f"left out: {done.repeated:,} repeated conversations")

    def _check(self, source: Path, form: Format, **options: Any) -> None:
        with show_progress(source) as on_bytes:
            good, faults = inspect_file(source, form, on_bytes=on_bytes)
        self._list_faults(faults, "faults")
        if faults.codes:
            raise CommandError(f"{source.name} ({form.name}): {faults.codes.total():,} faults, {good:,} good")
        self.stdout.write(f"{source.name} ({form.name}): {good:,} conversations, no fault")

    def _list_faults(self, faults: Faults, title: str) -> None:
        for fault in faults.first:
            self.stdout.write(f"{fault.where}  {fault.code}  {shorten(fault.reason)}")
        if faults.codes.total() > len(faults.first):
            self.stdout.write("…")
        for code, count in faults.codes.most_common():
            self.stdout.write(f"{title}: {count:,} {code}\n  {ADVICE[code][0]}\n  {ADVICE[code][1]}")

    def _measure(self, source: Path, form: Format, **options: Any) -> None:
        with show_progress(source) as on_bytes:
            conversations = read_conversations(source, form, on_bytes=on_bytes)
            stats = measure_conversations(conversation for _, conversation in conversations)
        for name, value in describe_stats(stats, form):
            self.stdout.write(f"{name:24}{value}")


def add_action(actions: Any, name: str, summary: str) -> ArgumentParser:
    parser: ArgumentParser = actions.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=LIST_OF_FORMATS,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", metavar="SOURCE", type=Path, help=FILE_FORMS)
    parser.add_argument(
        "--from",
        dest="from_format",
        choices=FORMATS,
        metavar="FORMAT",
        help="format of SOURCE; guessed from its first record unless given",
    )
    return parser


def check_target(target: Path, *, is_overwriting: bool) -> None:
    """Raises RecordError: no_folder, target_exists."""
    if not target.parent.is_dir():
        raise RecordError("no_folder", str(target), f"there is no folder {target.parent}")
    if target.is_dir() or (target.exists() and not is_overwriting):
        raise RecordError("target_exists", str(target), "it is there already")


@contextmanager
def show_progress(source: Path) -> Iterator[OnBytes]:
    """On a terminal only: how far, how fast, how much longer."""
    size = source.stat().st_size
    with tqdm(
        total=size, desc=source.name, unit="B", unit_scale=True, unit_divisor=1024, file=sys.stderr, disable=None
    ) as bar:
        yield bar.update


def explain_fault(fault: RecordError, *, is_skippable: bool = False) -> str:
    """Place, code and reason; then what to do, in Korean and English."""
    korean, english = ADVICE[fault.code]
    if is_skippable and fault.code in OF_RECORDS and not isinstance(fault, BrokenArrayError):
        korean, english = f"{korean} {OR_SKIP[0]}", f"{english} {OR_SKIP[1]}"
    return f"{fault.where}: {fault.code}: {shorten(fault.reason)}\n  {korean}\n  {english}"


def shorten(reason: str) -> str:
    """On one line, whatever the file holds."""
    line = "".join(letter if letter.isprintable() else " " for letter in reason)
    return line if len(line) <= REASON_CHARACTERS else f"{line[: REASON_CHARACTERS - 1]}…"


def describe_stats(stats: Stats, form: Format) -> Iterator[tuple[str, str]]:
    yield "format", form.name
    yield "conversations", f"{stats.conversations:,}"
    yield "turns", f"{stats.turns.sum:,}"
    yield "turns a conversation", describe_histogram(stats.turns)
    yield "replies", f"{stats.replies:,}"
    yield "greetings", f"{stats.greetings:,}"
    yield "characters, user's turn", describe_histogram(stats.characters_of_user)
    yield "characters, bot's turn", describe_histogram(stats.characters_of_bot)
    yield "Hangul", f"{stats.hangul_share:.1%} of all characters that are not blank"
    yield from describe_pairs(stats.pairs_by_agreement)
    missed = f", each at most {stats.openings.error:,} too low" if stats.openings.error else ""
    yield "replies begin with", f"({SHOWN_OPENINGS} most frequent{missed})"
    for opening, count in stats.openings.list_most_frequent(SHOWN_OPENINGS):
        yield "", f"{count:>9,}  {shorten(opening)}"


def describe_histogram(histogram: Histogram) -> str:
    half, most = histogram.get_quantile(0.5), histogram.get_quantile(0.9)
    return f"median {half:,}, 90 % at most {most:,}, longest {histogram.longest:,}"


def describe_pairs(by_agreement: Counter[float]) -> Iterator[tuple[str, str]]:
    yield "pairs", f"{by_agreement.total():,}"
    for agreement, count in sorted(by_agreement.items(), reverse=True):
        yield "", f"{count:>9,}  agreement {agreement:.0%}"
