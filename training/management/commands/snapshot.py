"""`manage.py snapshot`: build, approve, export and import snapshots, by the flows of the admin pages."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.core.management.base import BaseCommand, CommandError

from chat.models import Character, User
from training.cycle.approve import decide_snapshot
from training.cycle.exchange import export_snapshot, import_snapshot, inspect_import
from training.cycle.freeze import freeze_snapshot
from training.cycle.refusals import TrainingRefused
from training.datasets.formats import FORMATS
from training.finetune.records import RecordError
from training.models import Snapshot


class Command(BaseCommand):
    help = "Build, approve, export and import snapshots: frozen preference pairs of one character."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION", title="actions")
        build = actions.add_parser("build", help="freeze the usable pairs of a character")
        build.add_argument("character", metavar="CHARACTER", help="its key: mary")
        build.add_argument("--by", required=True, metavar="LOGIN_ID", help="who builds it, and so may not approve it")
        approve = actions.add_parser("approve", help="a second person's yes")
        approve.add_argument("digest", metavar="DIGEST", help="its first characters are enough")
        approve.add_argument("--by", required=True, metavar="LOGIN_ID")
        approve.add_argument("--note", default="")
        export = actions.add_parser("export", help="write TARGET/train.jsonl and TARGET/heldout.jsonl")
        export.add_argument("digest", metavar="DIGEST")
        export.add_argument("target", metavar="TARGET", type=Path, help="a folder")
        export.add_argument("--to", choices=FORMATS, default="ours", metavar="FORMAT", help=", ".join(FORMATS))
        imports = actions.add_parser("import", help="take a file of conversations as a snapshot, all or nothing")
        imports.add_argument("source", metavar="SOURCE", type=Path)
        imports.add_argument("character", metavar="CHARACTER")
        imports.add_argument("--by", required=True, metavar="LOGIN_ID")
        imports.add_argument("--dry-run", action="store_true", help="read and report, store nothing")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        act = {"build": self._build, "approve": self._approve, "export": self._export, "import": self._import}[action]
        try:
            act(options)
        except TrainingRefused as refusal:
            raise CommandError(f"{refusal.code}: {refusal.message}") from refusal
        except (ObjectDoesNotExist, RecordError, OSError) as error:
            raise CommandError(str(error)) from error

    def _build(self, options: dict[str, Any]) -> None:
        character = Character.objects.get(key=options["character"])
        snapshot = freeze_snapshot(character, User.objects.get(login_id=options["by"]))
        self.stdout.write(f"{snapshot.digest}  {snapshot.counts['pairs']} pairs, {snapshot.state}")

    def _approve(self, options: dict[str, Any]) -> None:
        person = User.objects.get(login_id=options["by"])
        if not person.has_perm("training.approve_snapshot"):
            raise CommandError(f"{person.login_id} may not approve snapshots: make them a reviewer")
        decided = decide_snapshot(find_snapshot(options["digest"]), person, is_approved=True, note=options["note"])
        self.stdout.write(f"{decided.digest}  {decided.state}")

    def _export(self, options: dict[str, Any]) -> None:
        # Whoever runs commands here has the snapshot's folder before them anyway.
        snapshot = find_snapshot(options["digest"])
        sides = export_snapshot(snapshot, options["target"], options["to"], with_clinical=True)
        for side, converted in sides.items():
            self.stdout.write(f"{side}: {converted}")

    def _import(self, options: dict[str, Any]) -> None:
        character = Character.objects.get(key=options["character"])
        if not options["dry_run"]:
            snapshot = import_snapshot(options["source"], character, User.objects.get(login_id=options["by"]))
            self.stdout.write(f"{snapshot.digest}  {snapshot.counts['pairs']} pairs, {snapshot.state}")
            return
        found = inspect_import(options["source"], character)
        self.stdout.write(f"{found.format}: {found.conversations} conversations, {found.pairs} pairs")
        for fault in found.faults:
            self.stderr.write(fault)
        if not found.is_clean:
            raise CommandError(f"{sum(found.fault_codes.values())} faults; nothing would be stored")


def find_snapshot(digest: str) -> Snapshot:
    """The one whose digest begins so. Raises CommandError."""
    found = list(Snapshot.objects.filter(digest__startswith=digest)[:2])
    if len(found) != 1:
        raise CommandError(f"{len(found) or 'no'} snapshots begin with {digest!r}; give more of the digest")
    return found[0]
