"""TRL's language modelling format, {"messages": […]}, and its prompt and completion, both conversational."""

from __future__ import annotations

from collections.abc import Iterator

from training.datasets.assembly import Fields, Origin, assemble_conversation, take_list
from training.datasets.messages import TRL
from training.finetune.records import Conversation


def fits(fields: Fields) -> bool:
    is_completed = isinstance(fields.get("prompt"), list) and isinstance(fields.get("completion"), list)
    return isinstance(fields.get("messages"), list) or is_completed


def load(fields: Fields, origin: Origin) -> Conversation:
    if fields.get("messages") is not None:
        name, messages = "messages", fields["messages"]
    else:
        name = "prompt and completion"
        parts = (take_list(fields.get(part), part, origin.where) for part in ("prompt", "completion"))
        messages = [message for part in parts for message in part]
    system, said = TRL.read(messages, name, origin.where)
    return assemble_conversation(fields, origin, said, system=system)


def dump(conversation: Conversation, where: str) -> Iterator[Fields]:
    yield {
        "id": conversation.id,
        "messages": [*TRL.write_system(conversation.system), *TRL.write(conversation.turns)],
    }
