"""A browser's JSON → the act of an expert, or a refusal: wrong types never reach the flow."""

from __future__ import annotations

import json
from typing import Any, Final
from uuid import UUID

from training.cycle.rate import RatingAct
from training.cycle.review_refusals import ReviewRefused

MOST_BYTES: Final = 65_536


def read_body(raw: bytes) -> dict[str, Any]:
    """Raises ReviewRefused: bad_field."""
    if len(raw) > MOST_BYTES:
        raise ReviewRefused("bad_field")
    try:
        body = json.loads(raw or b"{}")
    except (ValueError, RecursionError) as error:
        raise ReviewRefused("bad_field") from error
    if not isinstance(body, dict):
        raise ReviewRefused("bad_field")
    return body


def read_act(body: dict[str, Any]) -> RatingAct:
    """Raises ReviewRefused: bad_field."""
    scores = _take(body, "scores", dict, {})
    reasons = _take(body, "reasons", list, [])
    if not all(_is_whole(figure) for figure in scores.values()) or not all(isinstance(one, str) for one in reasons):
        raise ReviewRefused("bad_field")
    shown = [_read_id(value) for value in _take(body, "shown_reply_ids", list, [])]
    overall = body.get("overall")
    seconds = body.get("seconds", 0)
    if not _is_whole(seconds) or not (overall is None or _is_whole(overall)):
        raise ReviewRefused("bad_field")
    return RatingAct(
        overall=overall,
        scores=scores,
        reasons=tuple(reasons),
        correction=_take(body, "correction", str, ""),
        preferred_reply_id=_read_id(body.get("preferred_reply_id")),
        shown_reply_ids=tuple(reply_id for reply_id in shown if reply_id is not None),
        is_both_bad=_take(body, "is_both_bad", bool, False),
        comment=_take(body, "comment", str, ""),
        seconds=seconds,
    )


def _take(body: dict[str, Any], name: str, kind: type, default: Any) -> Any:
    value = body.get(name, default)
    if not isinstance(value, kind):
        raise ReviewRefused("bad_field")
    return value


def _read_id(value: Any) -> UUID | None:
    if value is None or value == "":
        return None
    try:
        return UUID(value)
    except (ValueError, TypeError, AttributeError) as error:
        raise ReviewRefused("bad_field") from error


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
