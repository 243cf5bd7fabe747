"""The kinds of identifier, the surer before the less sure, and the noun that each one's placeholder carries."""

from __future__ import annotations

import re

NOUNS = {
    "url": "링크",
    "email": "메일",
    "rrn": "주민번호",
    "code": "번호",
    "phone": "전화",
    "card": "카드",
    "plate": "차량",
    "account": "계좌",
    "birth": "생년월일",
    "handle": "계정",
    "address": "주소",
    "school": "학교",
    "employer": "직장",
    "nickname": "별명",
    "name": "이름",
}
RANKS = {kind: rank for rank, kind in enumerate(NOUNS)}
KINDS_BY_NOUN = {noun: kind for kind, noun in NOUNS.items()}
PLACEHOLDER = re.compile(rf"\[({'|'.join(NOUNS.values())})(\d{{1,6}})\]")
