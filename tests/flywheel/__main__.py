"""`make flywheel`: the whole loop on this machine's processor, with the real base model, in a throw-away stack.

Exit code 0: the story came to its end as told. Figures go to benchmarks/results/flywheel.json with --write.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.results import OURS, SERVING, write_result
from tests.flywheel.story import Length, Story, StoryBroken
from tests.stack_process import StackProcess, end_gently_on_sigterm

LONG = Length(people=24, has_bad_candidate=True, config={"preset": "starter-dpo"})
SHORT = Length(
    people=12, has_bad_candidate=False, config={"preset": "starter-dpo", "max_steps": 2, "learning_rate": 1e-4}
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.flywheel", description=__doc__)
    parser.add_argument("--short", action="store_true", help="fewer people, one step of training, no bad candidate")
    parser.add_argument("--write", action="store_true", help="keep the figures in benchmarks/results/")
    arguments = parser.parse_args()
    end_gently_on_sigterm()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mymary-flywheel-") as folder:
        # So that an unprivileged database user can pass through.
        Path(folder).chmod(0o711)
        with StackProcess(Path(folder), engine="llamacpp", slots=4) as stack:
            print(f"the stack is up: {time.monotonic() - began:.1f} s", flush=True)
            try:
                figures = Story(
                    stack, SHORT if arguments.short else LONG, lambda text: print(f"  {text}", flush=True)
                ).run()
            except StoryBroken as broken:
                print(f"✗ {broken}\n{stack.read_log('celery-training')[-3000:]}", file=sys.stderr)
                return 1
    figures["seconds_in_all"] = round(time.monotonic() - began, 1)
    print(f"the loop is closed: {figures['seconds_in_all']} s")
    if arguments.write:
        write_result("flywheel", figures, (*SERVING, *OURS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
