"""`python -m tests.chaos.flywheel_world NUMBER STEPS`: so many approved snapshots, each with a run that waits.

Runs beside a stack, with its variables. Prints the ids of the runs as JSON.
"""

from __future__ import annotations

import json
import sys

import django
from django.conf import settings

django.setup()

from chat.models import Character  # noqa: E402
from tests.builders import build_character  # noqa: E402
from tests.integration.runs_world import build_run, build_snapshot  # noqa: E402
from training.models import Snapshot  # noqa: E402


def main(number: int, steps: int) -> None:
    character = Character.objects.filter(key="flywheel").first() or build_character("flywheel", is_live=False)
    first = Snapshot.objects.count() * 10
    folder = settings.MARY_SNAPSHOTS_FOLDER
    snapshots = [build_snapshot(character, folder, first=first + 10 * place) for place in range(number)]
    runs = [build_run(snapshot, preset="starter-sft", max_steps=steps) for snapshot in snapshots]
    json.dump([str(run.pk) for run in runs], sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
