"""`python -m training.gate FOLDER`: may the candidate adapter go live? Exit codes below."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from pathlib import Path

from chat.prompting import PersonaFileError
from training.finetune.run_folder import FolderBusy, write_json
from training.gate.case_sets import CaseError
from training.gate.folder import LOG, PROGRESS, GateRefused

DONE, FAILED, REFUSED, CANCELLED = range(4)
REFUSALS = (GateRefused, CaseError, PersonaFileError, FileNotFoundError, UnicodeDecodeError)
EPILOG = """exit codes: 0 report.json is whole, with the verdict in it, passed or failed; 1 something unexpected, see
gate.log; 2 the folder or an adapter in it is refused, with the reason; 3 cancelled by SIGTERM, SIGINT or a file named
`cancel`. Without a report.json whose verdict is `passed`, nothing goes live."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.gate", description=__doc__, epilog=EPILOG)
    parser.add_argument("folder", type=Path, help="holds gate.json and heldout.jsonl; takes report.json")
    folder: Path = parser.parse_args().folder.absolute()
    if not folder.is_dir():
        parser.error(f"{folder} is no folder")
    log_to(folder)
    stops: list[int] = []
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda number, _frame: stops.append(number))
    # Takes seconds: after --help.
    from training.gate.run import GateCancelled, run_gate

    try:
        report = run_gate(folder, lambda: bool(stops) or (folder / "cancel").exists())
    except FolderBusy as error:
        logging.error("%s", error)
        return REFUSED
    except REFUSALS as error:
        logging.error("%s", error)
        code = error.code if isinstance(error, GateRefused) else type(error).__name__
        write_json(folder / PROGRESS, {"phase": "refused", "done": 0, "total": 0, "code": code, "text": str(error)})
        return REFUSED
    except GateCancelled as stop:
        logging.warning("%s", stop)
        (folder / "cancel").unlink(missing_ok=True)  # honoured: the next start begins anew
        return CANCELLED
    except Exception:
        # The outermost loop of the process: whatever it was, gate.log has it, and nothing goes live.
        logging.exception("the gate failed")
        return FAILED
    reasons = ", ".join(row["code"] for row in report["reasons"])
    logging.info("%s: %s", report["verdict"], reasons or "nothing stands against it")
    return DONE


def log_to(folder: Path) -> None:
    handlers: list[logging.Handler] = [
        logging.StreamHandler(sys.stderr),
        logging.FileHandler(folder / LOG, encoding="utf-8"),
    ]
    logging.getLogger("gguf").setLevel(logging.WARNING)  # it lists every file that is written
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", handlers=handlers, force=True
    )


if __name__ == "__main__":
    sys.exit(main())
