"""Why an act of an expert is not taken: one stable code, one Korean text that says what to do next."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REFUSALS: Final[dict[str, Promise]] = {
    # who and when
    "not_allowed": _("이 일을 할 권한이 없어요. 관리자에게 역할을 부탁해 주세요."),
    "item_gone": _("이 답변은 이제 없어요. 다음 답변으로 넘어가 주세요."),
    "consent_gone": _("이 사용자가 검토 동의를 거두었어요. 다음 답변으로 넘어가 주세요."),
    "lease_lost": _("다른 분이 이어받았어요. 다음 답변으로 넘어가 주세요."),
    "not_disputed": _("의견이 갈린 답변이 아니에요. 목록을 새로 고쳐 주세요."),
    "already_decided": _("다른 검토자가 먼저 정했어요. 목록을 새로 고쳐 주세요."),
    "own_rating": _("직접 평가한 답변이에요. 평가하지 않은 검토자에게 맡겨 주세요."),
    "nothing_to_undo": _("되돌릴 평가가 없어요. 한 시간 안에 한 것만 되돌릴 수 있어요."),
    "already_frozen": _("이 평가로 만든 쌍이 스냅샷에 들어 있어요. 되돌리려면 담당 학습자에게 알려 주세요."),
    # what
    "bad_field": _("빠졌거나 잘못된 값이 있어요. 화면을 새로 고쳐 주세요."),
    "says_nothing": _("종합 점수를 주거나, 답을 고치거나, 더 나은 답을 골라 주세요."),
    "out_of_scale": _("점수가 눈금을 벗어났어요. 다시 골라 주세요."),
    "unknown_reason": _("모르는 까닭이에요. 화면을 새로 고쳐 주세요."),
    "not_a_sibling": _("나란히 놓인 답이 아니에요. 다시 골라 주세요."),
    "comment_too_long": _("메모가 너무 길어요. 1,000자 안으로 줄여 주세요."),
    "correction_empty": _("고친 답이 비어 있어요. 내용을 적거나 원래 답으로 되돌려 주세요."),
    "correction_unreadable": _("고친 답에 쓸 수 없는 글자가 있어요. 지우고 다시 저장해 주세요."),
    "correction_too_long": _("고친 답이 너무 길어요. 1,000자 안으로 줄여 주세요."),
    "correction_same": _("고친 답이 원래 답과 같아요. 내용을 바꾸거나 점수만 저장해 주세요."),
    "correction_phone": _("고친 답에 위기 상담 번호가 아닌 전화번호가 있어요. 번호를 빼 주세요."),
    "correction_link": _("고친 답에 주소(URL)가 있어요. 주소를 빼 주세요."),
    "correction_label": _("고친 답에 ‘질문:’이나 ‘###’ 같은 표시가 있어요. 답의 말만 남겨 주세요."),
    # reading raw text
    "reason_too_short": _("왜 열어 보는지 10자 이상 적어 주세요. 그 사용자가 이 글을 보게 돼요."),
}


class ReviewRefused(Exception):
    """`code` is a key of REFUSALS, whose text the person reads."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

    @property
    def message(self) -> str:
        return str(REFUSALS[self.code])
