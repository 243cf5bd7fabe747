"""Every error a user can meet: one stable code, one meaning, Korean and English, each saying what to do next.

The class docstring is for developers; the wording for people stands in MESSAGES.
"""

from __future__ import annotations

from typing import Final

MESSAGES: Final[dict[str, tuple[str, str]]] = {
    # frames
    "bad_json": (
        "메시지 형식을 읽지 못했어요. 페이지를 새로 고쳐 주세요.",
        "That was not JSON. Please reload the page.",
    ),
    "not_an_object": ("메시지 형식이 맞지 않아요. 페이지를 새로 고쳐 주세요.", "A frame must be a JSON object."),
    "unknown_type": (
        "이 앱이 모르는 요청이에요. 페이지를 새로 고쳐 주세요.",
        "Unknown frame type. Please reload the page.",
    ),
    "bad_field": ("요청에 빠졌거나 잘못된 값이 있어요. 페이지를 새로 고쳐 주세요.", "A field is missing or malformed."),
    "too_large": (
        "한 번에 보내기엔 너무 커요. 나누어 보내 주세요.",
        "Too large for one frame. Please send it in parts.",
    ),
    "too_frequent": (
        "조금 빨라요. 잠시 숨을 고르고 다시 보내 주세요.",
        "That was a little fast. Please wait a moment and send again.",
    ),
    "too_many_rooms": (
        "한 화면에서 열어 둘 수 있는 방은 네 개까지예요. 다른 방을 닫아 주세요.",
        "At most four rooms per connection. Please close one.",
    ),
    # who may do what
    "not_found": (
        "찾을 수 없어요. 이미 지워졌거나 다른 계정의 것일 수 있어요.",
        "Not found. It may have been deleted, or belong to another account.",
    ),
    "consent_required": (
        "대화하려면 서비스 이용과 민감정보 처리, 두 가지 동의가 필요해요. 개인정보 화면에서 정할 수 있어요.",
        "To chat we need your consent to the service and to sensitive information. Give both on the privacy page.",
    ),
    "consent_text_changed": (
        "동의문이 그사이 바뀌었어요. 새 글을 읽고 다시 정해 주세요.",
        "The text has changed meanwhile. Please read the new one and decide again.",
    ),
    "login_failed": (
        "아이디나 비밀번호가 맞지 않아요. 다시 확인해 주세요.",
        "Login id or password is wrong. Please check both.",
    ),
    "wrong_password": (
        "비밀번호가 맞지 않아요. 다시 확인해 주세요.",
        "That is not your password. Please check it.",
    ),
    # requests to the REST API
    "not_authenticated": ("로그인이 필요해요. 다시 로그인해 주세요.", "Please log in first."),
    "permission_denied": (
        "허용되지 않은 요청이에요. 페이지를 새로 고치고 다시 해 주세요.",
        "Not allowed. Please reload and try again.",
    ),
    "method_not_allowed": (
        "이 주소에서는 할 수 없는 요청이에요. API 문서를 확인해 주세요.",
        "This address does not take that method. See the API page.",
    ),
    "not_acceptable": (
        "JSON으로만 답할 수 있어요. Accept 헤더를 고쳐 주세요.",
        "Only JSON can be given. Please change the Accept header.",
    ),
    "unsupported_media_type": ("JSON으로 보내 주세요.", "Please send JSON."),
    "invalid": ("값을 다시 확인해 주세요.", "Some values need another look."),
    # rooms and replies
    "room_ended": (
        "끝난 상담방이에요. 새 방에서 이어서 이야기해 주세요.",
        "This room has ended. Please start a new one.",
    ),
    "room_busy": (
        "아직 답을 쓰고 있어요. 끝나면 보내거나, 멈춘 뒤에 보내 주세요.",
        "A reply is still being written. Wait for it, or stop it first.",
    ),
    "client_msg_id_reused": (
        "같은 번호로 다른 메시지가 왔어요. 페이지를 새로 고치고 다시 보내 주세요.",
        "This message id was used for another message. Please reload and send again.",
    ),
    "reply_not_live": ("이미 끝난 답변이에요.", "This reply has already ended."),
    "reply_not_choosable": (
        "아직 고를 수 없는 답변이에요. 다 쓰인 뒤에 골라 주세요.",
        "Only a finished reply can be chosen.",
    ),
    "too_many_queued": (
        "기다리는 답변이 이미 있어요. 그 답을 받은 뒤에 보내 주세요.",
        "You already have replies waiting. Please let one arrive first.",
    ),
    "too_many_siblings": (
        "이 말에는 답을 더 만들 수 없어요. 지금까지의 답 가운데서 골라 주세요.",
        "No more answers can be made for this message. Please choose one of those there are.",
    ),
    "queue_full": (
        "지금은 붐벼요. 조금 뒤에 다시 보내 주세요.",
        "It is crowded right now. Please try again in a little while.",
    ),
    # message text
    "message_empty": (
        "아직 적힌 말이 없어요. 한마디라도 적어서 보내 주세요.",
        "There is nothing to send yet. Please write a few words first.",
    ),
    "message_too_long": (
        "한 번에 2,000자까지 보낼 수 있어요. 조금 나눠서 보내 주세요.",
        "One message holds up to 2,000 characters. Please send it in parts.",
    ),
    "message_control_characters": (
        "화면에 나타나지 않는 제어 문자가 섞여 있어요. 메모장에 한 번 붙여 넣은 뒤 다시 복사해 보내 주세요.",
        "The text contains invisible control characters. Please paste it as plain text and send it again.",
    ),
    "message_invalid": (
        "글자가 깨져 있어서 받지 못했어요. 그 부분을 지우고 다시 보내 주세요.",
        "Part of the text is broken. Please delete that part and send it again.",
    ),
    # replies that failed
    "worker_lost": (
        "답을 쓰다가 연결이 끊겼어요. 다시 생성을 눌러 주세요.",
        "Writing was interrupted. Please press regenerate.",
    ),
    "engine_error": (
        "답을 쓰는 중에 문제가 생겼어요. 다시 생성을 눌러 주세요.",
        "Something went wrong while writing. Please press regenerate.",
    ),
    "prompt_too_long": (
        "메시지가 너무 길어 다 읽지 못했어요. 줄여서 다시 보내 주세요.",
        "The message is too long to read at once. Please shorten it.",
    ),
    "queue_expired": (
        "너무 오래 기다리게 했어요. 다시 생성을 눌러 주세요.",
        "It waited too long. Please press regenerate.",
    ),
    "empty_reply": ("답이 떠오르지 않았어요. 다시 생성을 눌러 주세요.", "No words came. Please press regenerate."),
    # the service itself
    "unavailable": (
        "저장소에 닿지 못해 아직 받지 못했어요. 곧 자동으로 다시 보낼게요.",
        "The database is away, so this is not stored yet. It will be sent again automatically.",
    ),
    "internal": (
        "예상하지 못한 문제예요. 잠시 뒤에 다시 해 주세요.",
        "Something unexpected happened. Please try again shortly.",
    ),
}


class ChatError(Exception):
    """A request that is refused for a reason its sender can read."""

    def __init__(self, code: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after_seconds = retry_after_seconds

    @property
    def message(self) -> dict[str, str]:
        return get_message(self.code)


def get_message(code: str) -> dict[str, str]:
    """The wording of a code in both languages; an unknown code is a programming error (KeyError)."""
    korean, english = MESSAGES[code]
    return {"ko": korean, "en": english}
