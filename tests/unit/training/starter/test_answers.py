"""The answers that ship fit what the gate asks of the adapters that ship; else `python -m training.starter.answers`."""

from __future__ import annotations

import json

import pytest

from chat.inference.voice import Voice
from training.gate.known_answers import KnownAnswers
from training.gate.speak import prepare_voice
from training.starter.answers import ADAPTERS, list_asked, list_voices


def read_base_sha256(voice: Voice) -> str:
    manifest = ADAPTERS / voice.adapter.partition("@")[0] / "manifest.json"
    return str(json.loads(manifest.read_text(encoding="utf-8"))["base_digest"])


@pytest.mark.parametrize("voice", list(list_voices()), ids=lambda voice: voice.persona.name)
def test_every_fixed_set_is_answered_by_every_shipped_adapter(voice: Voice):
    known = KnownAnswers(None, read_base_sha256(voice))
    missing = [name for name, questions in list_asked() if known.find(prepare_voice(voice, name), questions) is None]
    assert missing == []
