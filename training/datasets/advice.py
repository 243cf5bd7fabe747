"""What to do about each refusal, in Korean and English. docs/datasets.md lists the same codes."""

from __future__ import annotations

from typing import Final

OF_FILES: Final = {
    "no_file": ("원본 파일의 경로를 확인하세요.", "Check the path of the source file."),
    "no_folder": ("대상 폴더를 먼저 만드세요.", "Create the target's folder first."),
    "target_exists": (
        "다른 이름을 쓰거나 --force로 덮어쓰세요. 폴더는 덮어쓰지 않습니다.",
        "Choose another name, or overwrite the file with --force. A folder is never overwritten.",
    ),
    "not_readable": (
        "파일의 권한과 디스크의 남은 공간을 확인하세요.",
        "Check the file's permissions and the disk's free space.",
    ),
    "empty": ("대화가 들어 있는 파일을 주세요.", "Give a file with conversations in it."),
    "unknown_format": ("--from으로 형식을 정하세요.", "Name the format with --from."),
    "no_character": (
        "--character로 캐릭터를 정하세요. 예: --character mary",
        "Name the character with --character, for example --character mary.",
    ),
}
OF_RECORDS: Final = {
    "not_json": (
        "그 자리의 JSON을 고치세요. 한 줄에 하나씩, 또는 배열 하나여야 합니다.",
        "Repair the JSON at that place. It is one object a line, or one array.",
    ),
    "not_utf8": ("파일을 UTF-8로 다시 저장하세요.", "Save the file as UTF-8."),
    "too_big": ("그 자리가 정말 대화 하나인지 확인하세요.", "Check that this place really is one conversation."),
    "not_a_conversation": (
        "--from의 형식이 맞는지, 빠진 항목이 없는지 확인하세요.",
        "Check --from, and add what is missing.",
    ),
    "not_text": ("값을 따옴표로 감싼 글로 바꾸세요.", "Make the value a text, in quotation marks."),
    "empty_text": ("빈 말을 채우거나 그 대화를 지우세요.", "Fill in the text, or delete the conversation."),
    "empty_row": ("질문과 답변을 채우거나 그 행을 지우세요.", "Fill in question and answer, or delete the row."),
    "no_prompt": ("prompt에 앞선 대화를 넣으세요.", "Put what was said before into prompt."),
    "wrong_roles": (
        "사용자와 봇이 번갈아 말하고 봇의 말로 끝나게 하세요.",
        "Let user and bot take turns, and the bot have the last word.",
    ),
    "template_label": (
        "글에 섞인 라벨이나 제어 토큰을 지우세요.",
        "Take the label or control token out of the text.",
    ),
    "chosen_is_rejected": ("두 답변이 다른 쌍만 남기세요.", "Keep only pairs of two different answers."),
    "bad_weight": (
        "weight는 0보다 크게, agreement는 0.5보다 크고 1 이하로 하세요.",
        "Make weight more than 0, and agreement more than 0.5 and at most 1.",
    ),
    "bad_price": ("가격을 0보다 큰 정수로 쓰세요.", "Write the price as a whole number above 0."),
    "no_result": (
        "마지막 말에 ##<수락>## 또는 ##<거절>##을 넣으세요.",
        "End the last message with ##<수락>## or ##<거절>##.",
    ),
    "wrong_result": ("result와 마지막 토큰을 같게 하세요.", "Make result agree with the last token."),
    "duplicate_id": ("대화마다 다른 id를 주세요.", "Give each conversation an id of its own."),
    "no_counterpart": (
        "이 대화를 담을 수 있는 형식을 고르세요. 예: --to trl-conversational",
        "Choose a format that can hold this conversation, for example --to trl-conversational.",
    ),
}
ADVICE: Final = OF_FILES | OF_RECORDS
OR_SKIP: Final = (
    "또는 --skip-bad로 이런 대화를 빼고 계속하세요.",
    "Or leave such conversations out with --skip-bad.",
)
