"""The formats by name: what each is recognised by, how it is read and written, and what it has a place for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from training.datasets import alpaca, mymary, nellm, ours, sharegpt, trl_conversational, trl_preference
from training.datasets.assembly import Fields, Origin, take_object
from training.datasets.source import read_records
from training.finetune.records import Conversation, RecordError

KINDS_OF_LOSS: Final = ("pairs", "weights", "topics", "moods", "characters", "clinical")


@dataclass(frozen=True)
class Format:
    name: str
    looks_like: str
    fits: Callable[[Fields], bool]
    load: Callable[[Fields, Origin], Conversation]  # raises RecordError
    dump: Callable[[Conversation, str], Iterator[Fields]]  # the str is its place; raises RecordError no_counterpart
    keeps: frozenset[str] = frozenset()

    def count_losses(self, conversation: Conversation) -> Counter[str]:
        """What the conversation has and a record of this format has no place for, by kind."""
        pairs = [pair for turn in conversation.turns for pair in turn.pairs]
        has = {
            "pairs": len(pairs),
            "weights": sum(pair.weight != 1 or pair.agreement != 1 for pair in pairs) if "pairs" in self.keeps else 0,
            "topics": bool(conversation.topic),
            "moods": bool(conversation.mood),
            "characters": bool(conversation.character),
            "clinical": conversation.is_clinical,
        }
        return Counter({kind: int(has[kind]) for kind in KINDS_OF_LOSS if kind not in self.keeps and has[kind]})


FORMATS: Final = {
    form.name: form
    for form in (
        Format(
            "ours",
            '{"id": …, "character": …, "turns": [{"role": "user", "text": …}, …]}',
            ours.fits,
            ours.load,
            ours.dump,
            frozenset(KINDS_OF_LOSS),
        ),
        Format(
            "trl-preference",
            '{"prompt": […], "chosen": […], "rejected": […]}',
            trl_preference.fits,
            trl_preference.load,
            trl_preference.dump,
            frozenset({"pairs"}),
        ),
        Format(
            "trl-conversational",
            '{"messages": [{"role": "user", "content": …}, …]}',
            trl_conversational.fits,
            trl_conversational.load,
            trl_conversational.dump,
        ),
        Format(
            "alpaca",
            '{"instruction": …, "input": …, "output": …, "history": […]}',
            alpaca.fits,
            alpaca.load,
            alpaca.dump,
        ),
        Format(
            "sharegpt",
            '{"conversations": [{"from": "human", "value": …}, …]}',
            sharegpt.fits,
            sharegpt.load,
            sharegpt.dump,
        ),
        Format(
            "mymary",
            '{"instruction": "질문: …", "output": …, "source": …, "type": "multi_2"}',
            mymary.fits,
            mymary.load,
            mymary.dump,
        ),
        Format(
            "nellm",
            '{"title": …, "description": …, "price": 35000, "events": [{"role": "구매자", …}, …]}',
            nellm.fits,
            nellm.load,
            nellm.dump,
        ),
    )
}


def guess_format(path: Path) -> Format:
    """By the first record. Raises RecordError, with `unknown_format` where not exactly one format fits."""
    record = next(read_records(path))
    fields = take_object(record.fields, "a record", record.where)
    fitting = [form for form in FORMATS.values() if form.fits(fields)]
    if len(fitting) != 1:
        names = " and ".join(form.name for form in fitting) or "none"
        raise RecordError(
            "unknown_format", record.where, f"of the formats, {names} fit{'s' * (not fitting)} its fields"
        )
    return fitting[0]
