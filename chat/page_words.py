"""The words that the pages' scripts say, in the active language. Keys are what `t("…")` in static/chat/js asks for.

{places} are filled in by the script. A test compares these keys with what the scripts use.
"""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext as _

from chat.models import FeedbackReason

REASONS_UP: Final = (
    FeedbackReason.WARM,
    FeedbackReason.UNDERSTOOD,
    FeedbackReason.GOOD_QUESTION,
    FeedbackReason.HELPFUL,
)
REASONS_DOWN: Final = tuple(reason for reason in FeedbackReason if reason not in REASONS_UP)

Words = dict[str, str]


def list_feedback_reasons() -> dict[str, Any]:
    """What can be chosen beside a thumb: keys to store, labels to read."""
    sides = {"up": REASONS_UP, "down": REASONS_DOWN}
    return {
        side: [{"key": str(reason), "label": str(reason.label)} for reason in reasons]
        for side, reasons in sides.items()
    }


def list_picker_words() -> Words:
    return {
        "offline": _("인터넷에 닿지 못하고 있어요. 연결을 확인하고 다시 해 주세요."),
        "something_unexpected": _("예상하지 못한 일이 생겼어요. 잠시 뒤에 다시 해 주세요."),
    }


def list_room_words() -> Words:
    return (
        list_picker_words()
        | _list_talk_words()
        | _list_reply_words()
        | _list_rating_words()
        | _list_room_list_words()
        | {"ask_no": _("그만두기")}
    )


def _list_talk_words() -> Words:
    return {
        "ai_notice": _(
            "지금 이야기하는 상대는 사람이 아니라 AI예요. 틀린 말을 할 수 있고, 진단이나 치료를 대신하지 못해요. "
            "이 대화를 곁에서 지켜보는 사람은 없어요."
        ),
        "ai_notice_again": _("오래 이야기했네요. 상대는 여전히 사람이 아닌 AI예요. 물 한 잔 마시고 와도 좋아요."),
        "bubble_mine": _("내가 한 말"),
        "bubble_of": _("{name}의 답, AI가 썼어요"),
        "sending": _("보내는 중…"),
        "sends_when_connected": _("연결되면 보낼게요"),
        "send_again": _("다시 보내기"),
        "take_back": _("고쳐 쓰기"),
        "wait_for_reply": _("지금 답을 듣고 있어요. 다 듣고 보내거나, 멈춤을 누르고 보내 주세요."),
        "too_long": _("한 번에 {limit}자까지 보낼 수 있어요. 나누어 보내 주세요."),
        "history_late": _("지난 이야기를 가져오는 데 시간이 걸리고 있어요. 계속 해 볼게요."),
        "link_waiting": _("연결이 끊겨 다시 잇고 있어요."),
        "link_offline": _("인터넷 연결이 끊겼어요. 돌아오면 바로 이을게요."),
        "too_many_tabs": _("열어 둔 창이 너무 많아요. 다른 창을 닫은 뒤 다시 이어 주세요."),
        "help_still_here": _("도움받을 곳은 여기 그대로 있어요: {numbers}"),
        "call_line": _("{name} {number} 전화 걸기"),
        "text_line": _("{name} {number} 문자 보내기"),
        "text_short": _("문자"),
    }


def _list_reply_words() -> Words:
    return {
        "writing": _("답을 쓰고 있어요"),
        "wait_next": _("이제 곧 답할 차례예요."),
        "wait_one": _("앞에 1명이 있어요. 순서가 오면 여기로 답이 와요."),
        "wait_many": _("앞에 {count}명이 있어요. 순서가 오면 여기로 답이 와요."),
        "wait_worker_away": _("지금은 답할 준비가 안 됐어요. 순서는 그대로 지켜지고, 준비되면 여기로 답이 와요."),
        "stopped_here": _("여기까지 듣고 멈췄어요."),
        "stopped_before": _("답을 듣기 전에 멈췄어요."),
        "heard_done": _("{name}의 답: {text}"),
        "heard_stopped": _("답을 멈췄어요. {text}"),
        "heard_failed": _("답을 받지 못했어요. {text}"),
        "regenerate": _("다시 생성"),
        "choose": _("이 답변으로"),
        "siblings": _("다른 답변 넘겨 보기"),
        "sibling_before": _("이전 답변"),
        "sibling_after": _("다음 답변"),
        "page_of": _("답변 {count}개 가운데 {number}번째"),
        "copy": _("복사"),
        "copied": _("답변을 복사했어요."),
        "copy_failed": _("복사하지 못했어요. 글을 끌어서 직접 복사해 주세요."),
        "leaves_for": _("{host}(으)로 나가는 링크"),
    }


def _list_rating_words() -> Words:
    return {
        "thumb_up": _("좋았어요"),
        "thumb_down": _("아쉬웠어요"),
        "rating_why_up": _("어떤 점이 좋았나요?"),
        "rating_why_down": _("어떤 점이 아쉬웠나요?"),
        "rating_comment": _("더 하고 싶은 말이 있다면 적어 주세요"),
        "rating_use": _("검토할 답변을 고를 때만 참고해요. 이 평가만으로 모델을 학습시키지는 않아요."),
        "rating_save": _("남기기"),
        "rating_withdraw": _("평가 거두기"),
        "rating_thanks": _("알려 주셔서 고마워요."),
        "rating_withdrawn": _("평가를 거두었어요."),
    }


def _list_room_list_words() -> Words:
    return {
        "room_menu_of": _("{name} 방 다루기"),
        "ended": _("매듭지음"),
        "no_room_yet": _("아직 나눈 이야기가 없어요. 첫마디는 무엇이든 괜찮아요."),
        "no_room_found": _("찾는 이야기가 보이지 않아요. 다른 낱말로 찾아볼까요?"),
        "close_list": _("목록 닫기"),
        "rename": _("이름 바꾸기"),
        "rename_title": _("이 방을 뭐라고 부를까요?"),
        "rename_label": _("방 이름"),
        "rename_yes": _("이 이름으로"),
        "end_room": _("이야기 매듭짓기"),
        "end_title": _("이 이야기를 매듭지을까요?"),
        "end_body": _("더는 말을 보탤 수 없지만, 언제든 다시 읽을 수 있어요. 되돌릴 수는 없어요."),
        "end_yes": _("매듭짓기"),
        "delete_room": _("지우기"),
        "delete_title": _("이 방을 지울까요?"),
        "delete_body": _("나눈 말과 답이 모두 사라지고, 되찾을 수 없어요."),
        "delete_yes": _("지우기"),
    }


def list_privacy_words() -> Words:
    return list_picker_words() | {
        "ask_no": _("그만두기"),
        "leaves_for": _("{host}(으)로 나가는 링크"),
        "consent_needed": _("대화에 필요"),
        "consent_free": _("선택"),
        "consent_on": _("{date}에 동의했어요."),
        "consent_off": _("{date}에 동의를 거두었어요."),
        "consent_never": _("아직 정하지 않았어요."),
        "consent_new_text": _("그 뒤로 내용이 바뀌었어요. 다시 읽고 정해 주세요."),
        "consent_read": _("자세히 읽기"),
        "consent_saved": _("저장했어요."),
        "profile_saved": _("바꾼 내용을 저장했어요."),
        "erase_title": _("정말 계정을 지울까요?"),
        "erase_body": _(
            "지금까지의 모든 방과 대화가 곧바로 사라져요. 되찾을 방법은 없어요. 확인을 위해 비밀번호를 적어 주세요."
        ),
        "erase_password": _("비밀번호"),
        "erase_yes": _("모두 지우기"),
    }
