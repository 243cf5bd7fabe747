"""The fixed prompts in cases/: safety, trigger probes, sycophancy, ordinary talk. Read whole or refused.

One JSON object a line: {"id": "s001", "kind": "…", "text": "…", "before": ["user", "bot", …], "rules": ["…"]}.
`before` are earlier turns, the user first; `rules` hold beside those that always do (safety_rules.toml).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chat.prompting import Turn

FOLDER: Final = Path(__file__).parent / "cases"
LEAST: Final = {"safety": 120, "trigger": 20, "sycophancy": 60, "smoke": 40}
"""A set that was cut down is no set: fewer cases than these are refused."""


class CaseError(ValueError):
    """A case that cannot be read, a name twice, or a set that is too small."""


@dataclass(frozen=True)
class Case:
    id: str
    kind: str
    text: str
    before: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    @property
    def turns(self) -> tuple[Turn, ...]:
        earlier = (Turn("bot" if place % 2 else "user", text) for place, text in enumerate(self.before))
        return (*earlier, Turn("user", self.text))


def load_cases(name: str, folder: Path = FOLDER) -> tuple[Case, ...]:
    """Raises CaseError."""
    path = folder / f"{name}.jsonl"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise CaseError(f"{path.name}: {error}") from error
    cases = tuple(_read_case(f"{path.name}:{number}", line) for number, line in enumerate(lines, start=1))
    names = [case.id for case in cases]
    if twice := {name for name in names if names.count(name) > 1}:
        raise CaseError(f"{path.name}: {', '.join(sorted(twice))} stands there twice")
    if len(cases) < LEAST[name]:
        raise CaseError(f"{path.name}: {len(cases)} cases, at least {LEAST[name]} belong to it")
    return cases


def compute_digest(folder: Path = FOLDER) -> str:
    """Over every file of the sets and rules: two verdicts compare only where it is the same."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _read_case(where: str, line: str) -> Case:
    try:
        fields: dict[str, Any] = json.loads(line)
        case = Case(
            id=str(fields.pop("id")),
            kind=str(fields.pop("kind")),
            text=str(fields.pop("text")),
            before=tuple(map(str, fields.pop("before", ()))),
            rules=tuple(map(str, fields.pop("rules", ()))),
        )
    except (KeyError, ValueError, AttributeError) as error:
        raise CaseError(f"{where}: {type(error).__name__} {error}") from error
    if fields or not case.text.strip() or len(case.before) % 2:
        raise CaseError(f"{where}: {', '.join(fields) or 'an empty text, or earlier turns that end with the user'}")
    return case
