"""`python -m training.finetune RUN_FOLDER`: train, or go on after a kill. Exit codes below."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from pathlib import Path

from chat.prompting import PersonaFileError
from training.finetune.config import ConfigError
from training.finetune.lm import WeightsError
from training.finetune.records import RecordError

DONE, FAILED, REFUSED, CANCELLED, COLLAPSED, DIVERGED = range(6)
EPILOG = """exit codes: 0 the run is whole (manifest.json is there); 1 something unexpected, see run.log; 2 config, data
or weights are refused, with the line and the reason; 3 cancelled by SIGTERM, SIGINT or a file named `cancel`: the same
command goes on; 4 DPO collapsed and was stopped; 5 the loss was no finite number any more."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.finetune", description=__doc__, epilog=EPILOG)
    parser.add_argument("run_folder", type=Path, help="holds config.json and data/train.jsonl; takes everything else")
    folder: Path = parser.parse_args().run_folder
    if not folder.is_dir():
        parser.error(f"{folder} is no folder")
    log_to(folder)
    from training.finetune.run import RunCancelled, RunCollapsed, RunDiverged, train  # takes seconds: after --help

    stops: list[int] = []
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda number, _frame: stops.append(number))
    try:
        train(folder, is_cancelled=lambda: bool(stops) or (folder / "cancel").exists())
    except (ConfigError, RecordError, WeightsError, PersonaFileError, FileNotFoundError, UnicodeDecodeError) as error:
        logging.error("%s", error)
        return REFUSED
    except RunCancelled as stop:
        logging.warning("%s", stop)
        (folder / "cancel").unlink(missing_ok=True)  # honoured: the next start goes on
        return CANCELLED
    except RunCollapsed as stop:
        logging.error("%s", stop)
        return COLLAPSED
    except RunDiverged as error:
        logging.error("%s", error)
        return DIVERGED
    except Exception:
        # The outermost loop of the process: whatever it was, run.log has it.
        logging.exception("the run failed")
        return FAILED
    return DONE


def log_to(folder: Path) -> None:
    """To the terminal and to run.log."""
    handlers: list[logging.Handler] = [
        logging.StreamHandler(sys.stderr),
        logging.FileHandler(folder / "run.log", encoding="utf-8"),
    ]
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", handlers=handlers, force=True
    )


if __name__ == "__main__":
    sys.exit(main())
