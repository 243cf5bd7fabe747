"""NELLM's haggling talks: goods, what was said about them, and whether the offer was accepted.

The goods become the conversation's system text, in the layout of NELLM's second prompt. `##35000##`, `##<수락>##` and
`##<거절>##` stay in the text: they are what the seller is asked and answers with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from training.datasets.assembly import Fields, Origin, Said, assemble_conversation, take_list, take_object, take_text
from training.finetune.records import Conversation, RecordError

ROLES: Final = {"구매자": "user", "판매자": "bot"}
RESULTS: Final = {"수락": "ACCEPT", "거절": "DENY"}
TOKEN: Final = re.compile(r"##<(수락|거절)>##")
GOODS: Final = re.compile(r"제목: (\S[^\n]*)\n상품 설명: (.*)\n상품 가격: ([0-9]+)원", re.DOTALL)


def fits(fields: Fields) -> bool:
    return ("events" in fields or "event" in fields) and "title" in fields and "price" in fields


def load(fields: Fields, origin: Origin) -> Conversation:
    events = fields["events"] if fields.get("events") is not None else fields.get("event")
    said = [_read_event(event, origin.where) for event in take_list(events, "events", origin.where)]
    if not said or said[0][0] != "user":
        raise RecordError("wrong_roles", origin.where, "the buyer (구매자) speaks first")
    conversation = assemble_conversation(fields, origin, said, system=_describe_goods(fields, origin.where))
    _check_result(fields.get("result"), conversation, origin.where)
    return conversation


def _read_event(event: Any, where: str) -> Said:
    fields = take_object(event, "an event", where)
    role = str(fields.get("role"))
    if role not in ROLES:
        raise RecordError("wrong_roles", where, f"role is one of {', '.join(ROLES)}, not {role!r}")
    return ROLES[role], take_text(fields.get("message"), f"message of {role}", where)


def _describe_goods(fields: Fields, where: str) -> str:
    """A title is one line."""
    title, description = (take_text(fields.get(name), name, where) for name in ("title", "description"))
    if not title.strip():
        raise RecordError("empty_text", where, "title is empty")
    price = fields.get("price")
    if not isinstance(price, int) or isinstance(price, bool) or price <= 0:
        raise RecordError("bad_price", where, f"a price is a whole number above 0, not {price!r}")
    return f"제목: {' '.join(title.split())}\n상품 설명: {description}\n상품 가격: {price}원"


def _check_result(result: Any, conversation: Conversation, where: str) -> None:
    """`result` may be missing: the last token says the same."""
    found = find_result(conversation)
    if found is None:
        raise RecordError("no_result", where, "the seller's last message has neither ##<수락>## nor ##<거절>##")
    if result is not None and result != found:
        raise RecordError("wrong_result", where, f"result is {result!r}, but the last token says {found}")


def find_result(conversation: Conversation) -> str | None:
    tokens = TOKEN.findall(conversation.turns[-1].text)
    return RESULTS[tokens[-1]] if tokens else None


def dump(conversation: Conversation, where: str) -> Iterator[Fields]:
    goods = GOODS.fullmatch(conversation.system)
    if not goods or int(goods[3]) == 0:
        raise RecordError("no_counterpart", where, "the system text does not name title, description and price")
    result = find_result(conversation)
    if result is None:
        raise RecordError("no_counterpart", where, "the talk ends without ##<수락>## or ##<거절>##")
    if conversation.turns[0].role == "bot":
        raise RecordError("no_counterpart", where, "the bot opens the talk; here the buyer (구매자) does")
    names = {ours: theirs for theirs, ours in ROLES.items()}
    yield {
        "id": conversation.id,
        "title": goods[1],
        "description": goods[2],
        "price": int(goods[3]),
        "result": result,
        "events": [{"role": names[turn.role], "message": turn.text} for turn in conversation.turns],
    }
