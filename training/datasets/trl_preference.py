"""TRL's preference format: prompt, chosen, rejected as texts or as messages, the prompt apart or in both answers.

One record is read as one conversation whose last answer bears the pair. One record is written for each pair, with
everything that was said before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from training.datasets.assembly import Fields, Origin, assemble_conversation, take_list, take_text
from training.datasets.messages import TRL
from training.finetune.records import Conversation, RecordError


def fits(fields: Fields) -> bool:
    return "chosen" in fields and "rejected" in fields and "conversations" not in fields


def load(fields: Fields, origin: Origin) -> Conversation:
    prompt, chosen, rejected = _find_parts(fields, origin.where)
    if chosen == rejected:
        raise RecordError("chosen_is_rejected", origin.where, "both answers are the same")
    before, better, worse = _split_messages(prompt, chosen, rejected)
    if not before:
        raise RecordError("no_prompt", origin.where, "both answers begin differently and there is no prompt")
    system, said = TRL.read(before, "prompt", origin.where)
    answer, rejected_answer = (
        _read_answer(messages, name, origin.where) for messages, name in ((better, "chosen"), (worse, "rejected"))
    )
    return assemble_conversation(fields, origin, [*said, ("bot", answer)], system=system, rejected=rejected_answer)


def _find_parts(fields: Fields, where: str) -> tuple[list[Any], list[Any], list[Any]]:
    """All three as messages."""
    prompt, chosen, rejected = (fields.get(name) for name in ("prompt", "chosen", "rejected"))
    if prompt is None and isinstance(chosen, str) and isinstance(rejected, str):
        prompt, chosen, rejected = _split_texts(chosen, rejected)
    return (
        _list_messages(prompt, "user", "prompt", where) if prompt else [],
        _list_messages(chosen, "assistant", "chosen", where),
        _list_messages(rejected, "assistant", "rejected", where),
    )


def _list_messages(value: Any, role: str, name: str, where: str) -> list[Any]:
    """A text is one message. Its outer blanks only join it to its neighbour, so they go."""
    if value is None or isinstance(value, str):
        return [TRL.write_one(role, take_text(value, name, where).strip())]
    return take_list(value, name, where)


def _split_texts(chosen: str, rejected: str) -> tuple[str, str, str]:
    """What both texts begin with, up to the last blank: two answers may share their first letters."""
    letters = enumerate(zip(chosen, rejected, strict=False))
    length = next((index for index, (one, other) in letters if one != other), min(len(chosen), len(rejected)))
    if chosen != rejected:
        length = max(chosen.rfind(" ", 0, length), chosen.rfind("\n", 0, length)) + 1
    return chosen[:length], chosen[length:], rejected[length:]


def _split_messages(
    prompt: list[Any], chosen: list[Any], rejected: list[Any]
) -> tuple[list[Any], list[Any], list[Any]]:
    """Messages that both answers begin with are the prompt, also where it is given once more beside them."""
    shared = 0
    while shared < min(len(chosen), len(rejected)) - 1 and chosen[shared] == rejected[shared]:
        shared += 1
    repeated = chosen[:shared]
    is_told_twice = any(_is_same(prompt[-1], message) for message in repeated) if prompt else True
    before = repeated if repeated and is_told_twice else [*prompt, *repeated]
    return before, chosen[shared:], rejected[shared:]


def _is_same(message: Any, other: Any) -> bool:
    """Outer blanks aside, of which a prompt that is a text has lost its own."""
    if not isinstance(message, dict) or not isinstance(other, dict):
        return False
    return all(str(message.get(key)).strip() == str(other.get(key)).strip() for key in (TRL.role, TRL.text))


def _read_answer(messages: list[Any], name: str, where: str) -> str:
    system, said = TRL.read(messages, name, where)
    if system or len(said) != 1 or said[0][0] != "bot":
        raise RecordError("wrong_roles", where, f"{name} is more than one answer of the assistant after the prompt")
    return said[0][1]


def dump(conversation: Conversation, where: str) -> Iterator[Fields]:
    turns = conversation.turns
    pairs = [(index, pair) for index, turn in enumerate(turns) for pair in turn.pairs]
    for number, (index, pair) in enumerate(pairs, start=1):
        if index == 0:
            raise RecordError("no_counterpart", where, "answers are compared before anybody has asked")
        yield {
            "id": conversation.id if len(pairs) == 1 else f"{conversation.id}/{number}",
            "prompt": [*TRL.write_system(conversation.system), *TRL.write(turns[:index])],
            "chosen": [TRL.write_one(TRL.bot, pair.chosen)],
            "rejected": [TRL.write_one(TRL.bot, pair.rejected)],
        }
