"""Whether a message asks what or whom it is talking to: a person, a machine, a name. Written rules, no model.

Read narrowly: a short message that is nothing but this question. What is missed is answered by the lm as it can, and
every bubble says that an AI is speaking anyway.
"""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 40
_BEFORE: Final = (
    "너는?|넌|네가|니가|당신은?|그쪽은?|혹시|근데|그런데|진짜|정말|실제|설마|지금|이거|여기|저기|야|님은?|"
    "마리|멘토스|풋풋이|상담사님"
)
_KIND: Final = (
    "누구|사람|인간|로봇|챗봇|봇|기계|프로그램|컴퓨터|ai|에이아이|인공지능|상담사|상담 ?선생님|의사|의사 ?선생님|전문가"
)
_ENDING: Final = (
    "야|니|냐|이니|이냐|거야|건가요?|에요|예요|이에요|세요|이세요|인가요?|가요|신가요|이신가요|임|맞아요?|맞나요|맞죠|맞지|"
    "입니까|이십니까|아니야|아니에요|아니죠|아니지|죠|지|이죠|이지|(?:말|대화)하는 ?(?:거야|건가요)"
)
_QUESTION: Final = re.compile(
    rf"^(?:(?:{_BEFORE})[\s,.!]*)*(?:{_KIND})\s*님?\s*(?:이랑|하고|이|인|은|는)?\s*(?:{_ENDING})?\s*[?!.~ㅋㅎㅠㅜ\s]*$",
    re.IGNORECASE,
)
_NAME: Final = re.compile(
    rf"^(?:(?:{_BEFORE})[\s,.!]*)*(?:이름|성함)(?:이|은)?\s*(?:뭐|뭔|뭡|무엇|어떻게)[^,.]{{0,8}}[?!.~ㅋㅎㅠㅜ\s]*$"
)


def asks_what_it_is(text: str) -> bool:
    line = " ".join(text.split())
    if len(line) > LONGEST:
        return False
    return bool(_NAME.match(line)) or (("?" in line or len(line) > 3) and bool(_QUESTION.match(line)))
