"""Why a trainer's wish is not carried out: one stable code, one Korean text that says what to do next."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REFUSALS: Final[dict[str, Promise]] = {
    "no_pairs": _("쓸 수 있는 쌍이 아직 없어요. 답변을 더 평가한 뒤에 다시 만들어 주세요."),
    "nothing_new": _("지금 있는 쌍으로는 새로 배울 스냅샷이 나오지 않아요. 쌍이 더 들어오면 시작해요."),
    "not_waiting": _("승인을 기다리는 스냅샷이 아니에요. 목록을 새로 고쳐 주세요."),
    "own_snapshot": _("직접 만든 스냅샷이에요. 다른 분에게 승인을 부탁해 주세요."),
    "not_passed": _("관문을 통과하지 못한 어댑터예요. 보고서에서 까닭을 확인해 주세요."),
    "adapter_tainted": _("철회된 내용으로 학습한 어댑터예요. 다시 학습한 뒤에 내보내 주세요."),
    "snapshot_tainted": _("철회된 내용이 든 스냅샷이에요. 새 스냅샷으로 다시 학습해 주세요."),
    "stale_evaluation": _("심사한 뒤에 쓰는 어댑터가 바뀌었어요. 지금 것과 다시 견주어 주세요."),
    "newer_evaluation": _("더 새로운 심사가 있어요. 가장 최근 심사의 결과를 따라 주세요."),
    "was_rolled_back": _("심사한 뒤에 되돌린 적이 있는 어댑터예요. 다시 심사해서 통과하면 내보내 주세요."),
    "arena_worse": _("사람들이 지금 것을 더 좋게 보았어요. 보고서의 비교를 확인해 주세요."),
    "withdrawn_meanwhile": _("만드는 사이에 누군가 동의를 거두었어요. 다시 한 번 만들어 주세요."),
    "files_missing": _("스냅샷 파일이 없어요. 스냅샷을 다시 만들어 주세요."),
    "snapshot_clinical": _("위기 대화가 든 스냅샷이에요. 위기 대화를 볼 수 있는 분만 파일로 내보낼 수 있어요."),
    "bad_file": _("이 파일은 읽을 수 없어요. 적힌 줄을 고쳐서 다시 올려 주세요."),
    "only_heldout": _("나아졌는지 재는 데만 쓰는 대화뿐인 파일이에요. 배울 대화가 든 파일을 올려 주세요."),
    "already_imported": _("같은 내용의 스냅샷이 이미 있어요. 그 스냅샷을 써 주세요."),
}


class TrainingRefused(Exception):
    """`code` is a key of REFUSALS, whose text the person reads; `detail` says where, such as a file's line."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail

    @property
    def message(self) -> str:
        return " ".join(part for part in (str(REFUSALS[self.code]), self.detail) if part)
