"""`python -m tests.chaos --seed 7 --rounds 12 --victims worker,web --streams 20`, or `--long` for the long form."""

from __future__ import annotations

import argparse
import random
import sys

from tests.chaos.plan import LONG_FORM, VICTIMS, plan_kills, spread_rounds
from tests.chaos.run import REPLY_SECONDS, run_chaos
from tests.chaos.table import render_table
from tests.stack_process import end_gently_on_sigterm


def main() -> int:
    arguments = parse()
    end_gently_on_sigterm()
    print(f"seed {arguments.seed}: the same seed plays the same kills again", flush=True)
    counts = LONG_FORM if arguments.long else spread_rounds(arguments.rounds, arguments.victims)
    outcome = run_chaos(arguments.seed, plan_kills(arguments.seed, counts, REPLY_SECONDS), arguments.streams)
    print(render_table(outcome))
    return 0 if outcome.verdict.is_clean else 1


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--rounds", type=int, default=12, help="kills in all, dealt out over the victims in turn")
    parser.add_argument("--victims", type=split_victims, default=VICTIMS, help=f"of {','.join(VICTIMS)}")
    parser.add_argument("--streams", type=int, default=20)
    parser.add_argument("--long", action="store_true", help=f"the long form: {LONG_FORM}")
    return parser.parse_args()


def split_victims(written: str) -> list[str]:
    names = written.split(",")
    if unknown := set(names) - set(VICTIMS):
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}")
    return names


if __name__ == "__main__":
    sys.exit(main())
