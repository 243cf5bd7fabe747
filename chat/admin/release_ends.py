"""Why a release ended: in a person's own words, or where none decided, in the reader's language.

Stored is then `code:names:reply`, by chat.serving.canary and training.cycle.stop_canary.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

RATE_NAMES: Final[Mapping[str, Promise]] = {
    "thumbs_down": gettext_lazy("아쉬워요"),
    "regenerated": gettext_lazy("다시 받기"),
    "failed": gettext_lazy("오류"),
    "unsafe": gettext_lazy("위험하다고 알림"),
}
DANGER_NAMES: Final[Mapping[str, Promise]] = {
    "unsafe": gettext_lazy("위험함"),
    "crisis_missed": gettext_lazy("위기를 놓침"),
}
ENDS: Final[Mapping[str, tuple[Promise, Mapping[str, Promise]]]] = {
    "trial_worse": (gettext_lazy("써 보는 동안 지금 것보다 나빠져서 되돌렸어요: %(what)s"), RATE_NAMES),
    "expert_stopped": (
        gettext_lazy("평가자가 위험한 답을 찾아서 멈췄어요: %(what)s (답변 %(reply)s)"),
        DANGER_NAMES,
    ),
}


def describe_end(reason: str) -> str:
    code, *rest = reason.split(":")
    if code not in ENDS or len(rest) != 2:
        return reason
    sentence, named = ENDS[code]
    what = ", ".join(str(named.get(name, name)) for name in rest[0].split(","))
    return str(sentence) % {"what": what, "reply": rest[1]}
