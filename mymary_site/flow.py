"""`python -m mymary_site.flow`: the steps of the product in order, as the first lines of their modules state them.

Reads files and imports none of them, so it works on a bare checkout.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGES = ("chat", "training")
MARK = re.compile(r"Flow \d")
FORM = re.compile(
    r"Flow (?P<number>\d\d) \| runs in: (?P<runs_in>.+?) \| takes: (?P<takes>.+?) \| gives: (?P<gives>.+)"
)


class FlowLineError(ValueError):
    """A module's first line starts as a flow line and is not `Flow NN | runs in: … | takes: … | gives: …`."""


@dataclass(frozen=True, order=True)
class FlowStep:
    number: int
    module: str
    runs_in: str
    takes: str
    gives: str

    def __str__(self) -> str:
        place = f"Flow {self.number:02} | {self.module} | runs in: {self.runs_in}"
        return f"{place} | takes: {self.takes} | gives: {self.gives}"


def list_steps(repository: Path = REPOSITORY) -> list[FlowStep]:
    """Every module that opens with a flow line, by number. Raises FlowLineError."""
    files = (file for package in PACKAGES for file in (repository / package).rglob("*.py"))
    return sorted(_read_steps(files, repository))


def parse_step(module: str, first_line: str) -> FlowStep:
    match = FORM.fullmatch(first_line)
    if match is None:
        raise FlowLineError(f"{module}: {first_line!r}")
    gives = match["gives"].removesuffix(".")
    return FlowStep(int(match["number"]), module, match["runs_in"], match["takes"], gives)


def _read_steps(files: Iterable[Path], repository: Path) -> Iterator[FlowStep]:
    for file in files:
        docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
        if MARK.match(docstring):
            module = ".".join(file.relative_to(repository).with_suffix("").parts)
            yield parse_step(module, docstring.splitlines()[0])


if __name__ == "__main__":
    print(*list_steps(), sep="\n")
