"""`python -m tests.stack_review COUNT PASSWORD`: one expert with all roles and so many replies to rate, as JSON.

Runs beside a stack, with its DATABASE_URL. Every reply stands in a room of its own with some talk before it; every
third one has a sibling, unless `--answers` gives them all so many.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from datetime import date

import django
from django.db import transaction

django.setup()

from django.contrib.auth.models import Group  # noqa: E402

from chat.models import REQUIRED_TO_CHAT, Character, ConsentKind, User  # noqa: E402
from chat.rooms.open import open_counsel  # noqa: E402
from tests.builders import build_reply, build_turn, build_user  # noqa: E402
from training.models import ItemState, ReviewItem  # noqa: E402

TALK = (
    ("요즘 잠이 잘 안 와요.", "많이 뒤척이셨겠어요. 언제부터 그러셨나요?"),
    (
        "지난달에 팀을 옮기고부터요. 새로 온 팀장님이 매일 아침 회의에서 저만 혼내세요.",
        "그 자리에서 얼마나 움츠러드셨을까요. 혼난 뒤에는 어떻게 지내세요?",
    ),
)
MESSAGE = "집에 와도 그 말이 자꾸 생각나요. 제가 못난 사람 같아요."
ANSWERS = (
    "그런 말을 들으면 누구라도 마음이 무너져요. 어떤 말이 가장 오래 남았나요?",
    "회사를 그만두세요. 그게 답이에요.",
)


@transaction.atomic
def build_items(count: int, *, answers: int = 0, talk: int = 1, state: str = ItemState.OPEN) -> None:
    """`talk`: how often the talk goes round before the message."""
    consents = (*REQUIRED_TO_CHAT, ConsentKind.HUMAN_REVIEW)
    user = build_user(f"talker-{secrets.token_hex(4)}", consents=consents)
    character = Character.objects.filter(is_live=True).order_by("position").first()
    if character is None:
        raise SystemExit("the stack has no character: seed it first")
    for number in range(count):
        counsel = open_counsel(user, character)
        for u_message, answer in TALK * talk:
            build_reply(build_turn(counsel, u_message), answer)
        dialog = build_turn(counsel, MESSAGE)
        texts = [*ANSWERS, *(f"{place}번째로 다시 쓴 답이에요. 어떠세요?" for place in range(3, answers + 1))]
        replies = [build_reply(dialog, text) for text in texts[: answers or (2 if number % 3 == 0 else 1)]]
        reasons = ["thumbs_down", "siblings"] if len(replies) > 1 else ["good_sample"]
        fields = {"reasons": reasons, "priority": len(reasons), "needed": 1, "state": state}
        ReviewItem.objects.create(reply=replies[-1], user=user, **fields)


def build_expert(password: str) -> str:
    expert = User.objects.create_user(
        f"expert-{secrets.token_hex(4)}", password, name="하늘", dt_birth=date(1988, 3, 2), is_staff=True
    )
    expert.groups.set(Group.objects.all())
    return expert.login_id


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int)
    parser.add_argument("password")
    parser.add_argument("--answers", type=int, default=0)
    parser.add_argument("--talk", type=int, default=1)
    parser.add_argument("--state", choices=ItemState.values, default=ItemState.OPEN)
    wanted = vars(parser.parse_args())
    password = wanted.pop("password")
    build_items(**wanted)
    json.dump(build_expert(password), sys.stdout)
