"""Who asks what they talk to is told; who talks about people is not interrupted."""

from __future__ import annotations

import pytest

from chat.prompting import PROMPTS_FOLDER, Turn, load_persona, render_prompt, tune_persona
from chat.understanding.identity import asks_what_it_is


@pytest.mark.parametrize(
    "text",
    [
        "너 사람이야?",
        "넌 로봇이야?",
        "혹시 진짜 상담사세요?",
        "당신은 인공지능인가요?",
        "AI야?",
        "진짜 사람 맞아요?",
        "너 혹시 챗봇이니ㅋㅋ",
        "의사 선생님이세요?",
        "지금 사람이랑 대화하는 건가요?",
        "사람 아니죠?",
        "누구세요?",
        "너 누구야?",
        "이름이 뭐예요?",
        "너는 이름이 뭐야",
        "성함이 어떻게 되세요?",
    ],
)
def test_the_question_is_heard(text: str) -> None:
    assert asks_what_it_is(text)


@pytest.mark.parametrize(
    "text",
    [
        "그 사람이 저를 무시해요",
        "저는 의사예요",
        "우리 엄마가 상담사예요?",
        "사람들이 무서워요",
        "제가 기계가 된 것 같아요",
        "인공지능 수업을 듣는데 너무 어려워요",
        "봇",
        "사람 만나기가 싫어",
        "내가 이상한 사람이야?",
        "이름이 뭐가 중요해, 마음이 힘든데",
        "누구한테도 말 못 했어요",
        "강아지 이름이 뭐였더라",
    ],
)
def test_talk_about_people_is_not(text: str) -> None:
    assert not asks_what_it_is(text)


@pytest.mark.parametrize("character", ["mary", "mentos", "expert", "futfut"])
@pytest.mark.parametrize("is_tuned", [False, True])
def test_every_character_is_held_to_the_truth(character: str, is_tuned: bool) -> None:
    persona = load_persona(PROMPTS_FOLDER / f"{character}.md")
    voice = tune_persona(persona) if is_tuned else persona

    def render(text: str, *, safety: bool = False) -> str:
        prompt = render_prompt(voice, [Turn("user", text)], budget_tokens=5000, count_tokens=len, safety=safety)
        return prompt.grammar or ""

    assert "인공지능" in render("너 사람이야?").partition("\nask")[0]
    assert render("너 사람이야?") != render("오늘 힘들었어요")
    assert render("너 사람이야?", safety=True) != render("너 사람이야?")
