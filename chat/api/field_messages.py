"""What is wrong with one field of a request, in both languages, by Django REST framework's own codes."""

from __future__ import annotations

from typing import Final

FALLBACK: Final = "invalid"

FIELD_MESSAGES: Final[dict[str, tuple[str, str]]] = {
    "required": ("꼭 있어야 하는 값이에요.", "This field is required."),
    "null": ("비워 둘 수 없어요.", "This field may not be null."),
    "blank": ("비워 둘 수 없어요.", "This field may not be blank."),
    "empty": ("비워 둘 수 없어요.", "This field may not be empty."),
    "invalid": ("형식이 맞지 않아요.", "The value has the wrong form."),
    "invalid_choice": ("고를 수 있는 값이 아니에요.", "This is not one of the choices."),
    "not_a_list": ("목록이어야 해요.", "This must be a list."),
    "max_length": ("너무 길어요.", "This is too long."),
    "min_length": ("너무 짧아요.", "This is too short."),
    "max_value": ("너무 큰 값이에요.", "This number is too large."),
    "min_value": ("너무 작은 값이에요.", "This number is too small."),
    "max_string_length": ("너무 긴 값이에요.", "This value is too long."),
    "null_characters_not_allowed": ("쓸 수 없는 글자(NUL)가 들어 있어요.", "NUL characters are not allowed."),
    "surrogate_characters_not_allowed": ("깨진 글자가 들어 있어요.", "Broken characters are not allowed."),
    "does_not_exist": ("찾을 수 없는 값이에요.", "There is no such thing."),
}


def describe_field_error(code: str) -> dict[str, object]:
    """`{"code", "message": {"ko", "en"}}`; a code without words of its own keeps its name."""
    korean, english = FIELD_MESSAGES.get(code, FIELD_MESSAGES[FALLBACK])
    return {"code": code, "message": {"ko": korean, "en": english}}
