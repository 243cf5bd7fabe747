"""Which rules of its character's form a reply breaks."""

from __future__ import annotations

import pytest

from training.evaluation.forms import CLOSING_PHRASE, list_form_faults


@pytest.mark.parametrize(
    ("character", "reply", "faults"),
    [
        ("mary", "빗길에 옷까지 젖으셨으니 서글프셨겠어요. 집에는 어떻게 오셨어요?", []),
        ("mary", "빗길에 옷까지 젖으셨겠네요.", ["empathy", "question"]),
        ("mary", "어디 가세요? 왜 가세요? 언제 오세요?", ["question"]),
        ("mary", "빗길에 젖어서 속상했겠다. 집에는 어떻게 왔어?", ["register"]),
        ("mary", "정말 sad한 일이네요. 언제부터 그러셨어요?", ["characters"]),
        ("mary", "하나예요. 둘이에요. 셋이에요. 넷인가요?", ["sentences"]),
        ("mary", "젖으셨겠어요. 그래서 집에 어떻게", ["unfinished", "empathy", "question"]),
        ("mentos", "빗길에 젖어서 속상했겠다. 집엔 어떻게 왔어?", []),
        ("mentos", "빗길에 젖어서 속상하셨겠어요. 집엔 어떻게 왔어?", ["register"]),
        ("expert", "빗길에 젖어 속상하셨을 것 같습니다. 댁에는 어떻게 오셨습니까?", []),
        ("expert", "빗길에 젖어 속상하셨겠어요. 댁에는 어떻게 오셨습니까?", ["register"]),
        ("futfut", f"킥인은 공을 놓고 4초 안에 차야 해요. {CLOSING_PHRASE}", []),
        ("futfut", "킥인은 공을 놓고 4초 안에 차야 해요.", ["closing_phrase"]),
        ("mary", "집에는 어떻게 가셨어요?", ["empathy"]),
        ("mary", "그래서 그래서 그래서 젖으셨겠어요. 집에는 어떻게 가셨어요?", ["loop"]),
        ("somebody", "비가 와서 다 젖었네요.", []),
        (
            "futfut",
            f"킥인은 4초예요. 풋풋~! 빨리 차 보세요. {CLOSING_PHRASE}",
            ["closing_phrase", "characters", "register"],
        ),
    ],
)
def test_faults_of_a_reply_are_named(character: str, reply: str, faults: list[str]) -> None:
    assert list(list_form_faults(character, reply)) == faults
