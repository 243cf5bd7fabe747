"""What an adapter answered to a fixed set before: the live one need not be asked again by every candidate's gate.

At temperature 0 the answers follow from weights, prompt and engine, all of which are in the name they are kept under.
The fixed prompts are nobody's words. What a candidate seems to do worse is asked of both sides anew all the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from chat.inference.voice import Voice
from training.evaluation.served import Answer, Question
from training.finetune.run_folder import write_json


class KnownAnswers:
    """`folder` None keeps and knows nothing."""

    def __init__(self, folder: Path | None, base_sha256: str) -> None:
        self._folder = folder
        self._base_sha256 = base_sha256

    def find(self, voice: Voice, questions: Sequence[Question]) -> list[Answer] | None:
        """In the order of the questions; None unless every one is known."""
        if self._folder is None or not voice.adapter:
            return None
        try:
            rows = json.loads(self._locate(voice, questions).read_text(encoding="utf-8"))["answers"]
            return [Answer(**row) for row in rows] if len(rows) == len(questions) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, voice: Voice, questions: Sequence[Question], answers: Sequence[Answer]) -> None:
        if self._folder is None or not voice.adapter:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        write_json(self._locate(voice, questions), {"answers": [asdict(answer) for answer in answers]})

    def _locate(self, voice: Voice, questions: Sequence[Question]) -> Path:
        assert self._folder is not None  # noqa: S101 - both callers have asked
        asked = [[turn.text for turn in question.turns] for question in questions]
        # An adapter's name ends in the digest of what is served; the persona is its prompt, with its grammars.
        named = (self._base_sha256, version("xllamacpp"), repr(voice), asked)
        return self._folder / f"{hashlib.sha256(repr(named).encode()).hexdigest()}.json"
