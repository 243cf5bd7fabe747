"""`python -m mymary_site.stack` with `run`, `manage -- COMMAND …` or `services -- COMMAND …`."""

import argparse
import os
import sys
from collections.abc import Sequence

from mymary_site.env import EnvError, read_env
from mymary_site.stack.manage import run_manage
from mymary_site.stack.refusals import Refusal, malformed_env
from mymary_site.stack.run import run_stack
from mymary_site.stack.throwaway import run_with_services


def main(argv: Sequence[str]) -> int:
    arguments = _parse(argv)
    try:
        if arguments.action == "run":
            return run_stack(read_env(os.environ))
        if arguments.action == "manage":
            return run_manage(read_env(os.environ), arguments.command)
        return run_with_services(arguments.command)
    except EnvError as error:
        print(malformed_env(error), file=sys.stderr)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
    return 1


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m mymary_site.stack", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("run", help="everything, until Ctrl-C")
    manage = actions.add_parser("manage", help="manage.py with the variables of the copy that runs on PORT")
    manage.add_argument("command", nargs="+")
    services = actions.add_parser("services", help="private PostgreSQL and Valkey around one command")
    services.add_argument("command", nargs="+")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
