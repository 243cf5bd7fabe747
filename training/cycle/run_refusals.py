"""Why a run is not started or cancelled, and why one failed: a stable code, and a Korean text that says what to do."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from training.cycle.refusals import TrainingRefused

RUN_REFUSALS: Final[dict[str, Promise]] = {
    "snapshot_not_approved": _("아직 승인되지 않은 스냅샷이에요. 만든 사람이 아닌 분의 승인을 먼저 받아 주세요."),
    "snapshot_rejected": _("거절된 스냅샷이에요. 새 스냅샷을 만들어 승인을 받아 주세요."),
    "snapshot_tainted": _("동의를 거둔 내용이 든 스냅샷이에요. 새 스냅샷을 만들어 주세요."),
    "snapshot_missing": _("스냅샷 파일이 없어요. 스냅샷을 다시 만들어 주세요."),
    "config_refused": _("학습 설정에 모르는 이름이나 쓸 수 없는 값이 있어요. 설정을 고쳐 주세요."),
    "setting_fixed": _("모델, 페르소나, 출발 어댑터는 캐릭터가 정해요. 이 설정을 빼 주세요."),
    "already_asked": _("이 스냅샷의 학습이 이미 기다리거나 돌고 있어요. 그 학습을 지켜봐 주세요."),
    "run_over": _("이미 끝난 학습이에요. 목록을 새로 고쳐 주세요."),
    "run_not_done": _("끝까지 가지 못한 학습이라 심사할 어댑터가 없어요. 학습을 다시 시작해 주세요."),
}

RUN_ERRORS: Final[dict[str, Promise]] = {
    "worker_lost": _("학습하던 프로세스를 세 번 잃었어요. 메모리와 로그를 살펴보고 다시 시작해 주세요."),
    "trainer_killed": _("학습 프로그램이 자꾸 강제로 끝났어요. 메모리가 모자란지 살펴보고 다시 시작해 주세요."),
    "trainer_failed": _("학습 프로그램이 뜻밖에 멈췄어요. 로그를 살펴보고 다시 시작해 주세요."),
    "trainer_refused": _("설정이나 학습 자료가 거절됐어요. 아래 까닭을 보고 고쳐서 다시 시작해 주세요."),
    "collapsed": _("나은 답까지 함께 나빠져서 멈췄어요. beta나 학습률을 낮춰 다시 시작해 주세요."),
    "diverged": _("손실이 숫자가 아니게 됐어요. 학습률을 낮춰 다시 시작해 주세요."),
    "folder_busy": _("다른 학습이 같은 폴더를 놓지 않아요. 남은 프로세스를 끝내고 다시 시작해 주세요."),
    "packages_missing": _("학습 패키지가 없어요. make install-training을 실행하고 다시 시작해 주세요."),
    "base_missing": _("바탕 언어 모델을 찾지 못했어요. MARY_LM을 확인하고 다시 시작해 주세요."),
    "disk_full": _("디스크에 자리가 모자라요. 자리를 비우고 다시 시작해 주세요."),
    "took_too_long": _("허용된 시간 안에 끝나지 않았어요. 단계 수를 줄여 다시 시작해 주세요."),
    "publication_failed": _("어댑터를 서비스 형식으로 바꾸지 못했어요. 로그를 살펴봐 주세요."),
    "adapter_refused": _("만들어진 어댑터가 검사를 통과하지 못했어요. 아래 까닭을 확인해 주세요."),
    "same_adapter": _("다른 학습이 만든 것과 똑같은 어댑터예요. 그 어댑터를 쓰시거나 자료를 바꿔 주세요."),
    "gate_failed": _("관문 프로그램이 끝까지 가지 못했어요. 로그를 살펴보고 다시 심사해 주세요."),
    "gate_killed": _("관문 프로그램이 자꾸 강제로 끝났어요. 메모리가 모자란지 살펴보고 다시 심사해 주세요."),
    "cancelled": _("사람이 취소했어요. 다시 하려면 새로 시작해 주세요."),
    "snapshot_missing": RUN_REFUSALS["snapshot_missing"],
    "snapshot_tainted": RUN_REFUSALS["snapshot_tainted"],
    "parent_tainted": _("출발 어댑터가 동의를 거둔 내용으로 배운 것이 됐어요. 학습을 다시 시작해 주세요."),
}


class RunRefused(TrainingRefused):
    """`code` is a key of RUN_REFUSALS; `detail` is for whoever edits the settings, in English."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.detail = detail

    @property
    def message(self) -> str:
        return " ".join(part for part in (str(RUN_REFUSALS[self.code]), self.detail) if part)


def describe_in_both(code: str) -> dict[str, str]:
    """A code's text in Korean and English, for answers of the API."""
    text = RUN_REFUSALS.get(code) or RUN_ERRORS[code]
    words = {}
    for language in ("ko", "en"):
        with override(language):
            words[language] = str(text)
    return words
