"""`python -m training.finetune RUN_FOLDER`: train, or go on after a kill. Exit codes below.

On several GPUs: `accelerate launch --config_file deploy/accelerate/ddp.yaml -m training.finetune RUN_FOLDER`.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from pathlib import Path

from chat.prompting import PersonaFileError
from training.finetune.config import ConfigError
from training.finetune.lm import WeightsError
from training.finetune.records import RecordError
from training.finetune.run_folder import FolderBusy

DONE, FAILED, REFUSED, CANCELLED, COLLAPSED, DIVERGED = range(6)
REFUSALS = (
    ConfigError,
    RecordError,
    WeightsError,
    PersonaFileError,
    FolderBusy,
    FileNotFoundError,
    UnicodeDecodeError,
)
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
    # Takes seconds: after --help.
    from training.finetune.processes import LaunchError, Processes
    from training.finetune.progress import ProgressBar, ProgressFile
    from training.finetune.run import RunCancelled, RunCollapsed, train
    from training.finetune.step import RunDiverged

    stops: list[int] = []
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda number, _frame: stops.append(number))
    try:
        processes = Processes()
        shown_in = ProgressFile(folder) if processes.is_first else None
        with ProgressBar(is_shown=processes.is_first) as bar:

            def report(phase: str, done: int, total: int, figures: dict[str, float]) -> None:
                bar.show(phase, done, total, figures)
                if shown_in is not None:
                    shown_in.show(phase, done, total, figures)

            train(
                folder,
                processes=processes,
                is_cancelled=lambda: bool(stops) or (folder / "cancel").exists(),
                report=report,
            )
            processes.close()
    except (*REFUSALS, LaunchError) as error:
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
    """To the terminal and to run.log, which the first of several processes writes."""
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if os.environ.get("RANK", "0") == "0":
        handlers.append(logging.FileHandler(folder / "run.log", encoding="utf-8"))
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", handlers=handlers, force=True
    )


if __name__ == "__main__":
    sys.exit(main())
