"""`manage.py adapters`: which adapters there are and which are live; register, publish and roll back by hand.

Publishing here is the emergency door: it knows of no gate. Who wants the gate's verdict publishes in the admin.
"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chat.models import Adapter, Character, Release, ReleaseState
from chat.serving.publish import publish
from chat.serving.refusals import ServingRefused, describe_refusal
from chat.serving.register import register_adapter
from chat.serving.roll_back import RolledBack, call_off_if_open, has_way_back, roll_back


class Command(BaseCommand):
    help = "List adapters; register a folder; publish one that is registered; roll a character back to the one before."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="every adapter with its newest release")
        register = actions.add_parser("register", help="check a folder and keep a copy of it")
        register.add_argument("folder", type=Path)
        register.add_argument("character", help="key of the character")
        publishing = actions.add_parser("publish", help="emergency door: serve it without asking the gate")
        publishing.add_argument("name", help="name@digest")
        publishing.add_argument("--canary", type=int, default=0, metavar="PERCENT", help="to this share of users first")
        publishing.add_argument(
            "--without-gate",
            action="store_true",
            required=True,
            help="say that you know: no evaluation is looked at here; the usual way is its page in the admin",
        )
        publishing.add_argument("--reason", required=True, help="why it cannot wait for the gate; it stays on record")
        rolling = actions.add_parser("rollback", help="back to the adapter before, at once; ends a trial beside it too")
        rolling.add_argument("character", help="key of the character")
        rolling.add_argument(
            "--trial-only",
            action="store_true",
            help="end only what is being verified or tried with some users; what is live speaks on",
        )
        rolling.add_argument("--reason", required=True)

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        try:
            {"list": self._list, "register": self._register, "publish": self._publish, "rollback": self._roll_back}[
                action
            ](options)
        except (Adapter.DoesNotExist, Character.DoesNotExist) as error:
            raise CommandError(f"{error} `manage.py adapters list` shows what there is.") from error
        except ServingRefused as refusal:
            raise CommandError(f"{refusal.code}: {refusal.message}") from refusal

    def _list(self, options: dict[str, Any]) -> None:
        for adapter in Adapter.objects.select_related("character").order_by("character__position", "dt_published"):
            newest = adapter.releases.order_by("-dt_decided").first()
            taint = " tainted" if adapter.is_tainted else ""
            self.stdout.write(f"{adapter.name} {_describe(newest)}{taint}")

    def _register(self, options: dict[str, Any]) -> None:
        character = Character.objects.get(key=options["character"])
        self.stdout.write(register_adapter(options["folder"], character).name)

    def _publish(self, options: dict[str, Any]) -> None:
        if not options["reason"].strip():
            raise CommandError("--reason is empty: write why it cannot wait for the gate.")
        adapter = Adapter.objects.get(name=options["name"])
        release = publish(adapter, decided_by=None, reason=options["reason"], canary_percent=options["canary"])
        self.stdout.write(f"{adapter.name} {release.state}")

    def _roll_back(self, options: dict[str, Any]) -> None:
        character = Character.objects.get(key=options["character"])
        releases = Release.objects.of(character).select_related("adapter")
        live, trial = releases.live().first(), releases.open().first()
        if options["trial_only"]:
            done = _call_off(trial, options["reason"])
        else:
            named = live if live is not None and has_way_back(live) else trial
            if named is None:
                raise ServingRefused("nothing_to_roll_back", character.key)
            done = roll_back(named.pk, decided_by=None, reason=options["reason"])
        character.refresh_from_db()
        also = f", trial called off: {done.trial.adapter}" if done.trial else ""
        self.stdout.write(f"{done.release.adapter or '-'} rolled_back, live: {character.adapter or '-'}{also}")


def _call_off(trial: Release | None, reason: str) -> RolledBack:
    if trial is None or not call_off_if_open(trial.pk, decided_by=None, reason=reason):
        raise CommandError("No trial is open. `manage.py adapters list` shows what there is.")
    return RolledBack(trial, None)


def _describe(release: Release | None) -> str:
    if release is None:
        return "never published"
    if release.state == ReleaseState.REFUSED:
        return f"refused: {describe_refusal(release.refusal_code, release.refusal_detail)}"
    share = f" to {release.canary_percent} %" if release.state == ReleaseState.CANARY else ""
    return f"{release.state}{share}"
