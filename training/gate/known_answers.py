"""What an adapter answered to a fixed set before: the live one need not be asked again by every candidate's gate.

At temperature 0 the answers follow from weights, prompt and engine, all of which are in the name they are kept under;
what another processor rounds otherwise is noise that every check allows for, and what a candidate seems to do worse in
a safety case is asked of both sides anew. Each adapter has a folder of its own, so that what it said can go with it
(training/cycle/kept_answers.py). Those of the shipped adapters ship with the product: training/starter/answers.py.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Final

from chat.inference.digest import get_digest
from chat.inference.voice import Voice
from training.evaluation.served import Answer, Question
from training.finetune.run_folder import write_json

logger = logging.getLogger(__name__)

SHIPPED: Final = Path(__file__).parents[1] / "starter" / "answers"


class KnownAnswers:
    """`folder` None keeps nothing, and knows what ships with the product."""

    def __init__(self, folder: Path | None, base_sha256: str) -> None:
        self._folder = folder
        self._base_sha256 = base_sha256

    def find(self, voice: Voice, questions: Sequence[Question]) -> list[Answer] | None:
        """In the order of the questions; None unless every one is known."""
        if not voice.adapter:
            return None
        place = self._get_place(voice, questions)
        for folder in filter(None, (self._folder, SHIPPED)):
            try:
                rows = json.loads((folder / place).read_text(encoding="utf-8"))["answers"]
                if len(rows) == len(questions):
                    return [Answer(**row) for row in rows]
            except (OSError, ValueError, KeyError, TypeError):
                continue
        return None

    def keep(self, voice: Voice, questions: Sequence[Question], answers: Sequence[Answer]) -> None:
        if self._folder is None or not voice.adapter:
            return
        file = self._folder / self._get_place(voice, questions)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            write_json(file, {"answers": [asdict(answer) for answer in answers]})
        except OSError as error:  # a full disk, or a withdrawal that took the folder away this moment
            logger.warning("answers of %s are not kept: %s", voice.adapter, error)

    def _get_place(self, voice: Voice, questions: Sequence[Question]) -> Path:
        """Below the folder."""
        asked = [[turn.text for turn in question.turns] for question in questions]
        # An adapter's name ends in the digest of what is served; the persona is its prompt, with its grammars.
        digest = get_digest(voice.adapter)
        speaking = replace(voice, adapter=digest)
        named = (self._base_sha256, version("xllamacpp"), repr(speaking), asked)
        return Path(digest) / f"{hashlib.sha256(repr(named).encode()).hexdigest()[:24]}.json"
