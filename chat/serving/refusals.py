"""Why an adapter is not served: one stable code, one sentence for staff that says what to do."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REFUSALS: Final[dict[str, str | Promise]] = {
    # the folder
    "name_bad": _("어댑터 이름에 쓸 수 없는 글자가 있어요. 영어 소문자, 숫자, -만 써 주세요."),
    "has_link": _("폴더에 링크가 있어요. 실제 파일만 담아 다시 내보내 주세요."),
    "file_missing": _("어댑터 파일이 없어요. 학습을 끝까지 마친 폴더인지 확인하고 다시 내보내 주세요."),
    "pickle_weights": _("pickle 가중치는 받지 않아요. safetensors로 저장한 뒤 다시 시도해 주세요."),
    "too_large": _("어댑터 파일이 허용된 크기를 넘어요. rank를 줄여 다시 학습해 주세요."),
    "manifest_bad": _("manifest.json을 읽을 수 없거나 필요한 값이 없어요. 폴더를 다시 내보내 주세요."),
    "config_bad": _("adapter_config.json이 일반 LoRA가 아니에요. 지원하는 설정으로 다시 학습해 주세요."),
    "digest_mismatch": _("파일이 manifest의 sha256과 달라요. 원본에서 다시 내보내 주세요."),
    "weights_unreadable": _("가중치 파일이 잘렸거나 형식이 틀려요. 다시 내보내 주세요."),
    "not_finite": _("가중치에 NaN이나 무한대가 있어요. 학습 기록을 확인하고 다시 학습해 주세요."),
    "rank_mismatch": _("rank가 설정과 가중치에서 달라요. 폴더를 다시 내보내 주세요."),
    "targets_mismatch": _("설정에 없는 층이 가중치에 있거나 빠져 있어요. 폴더를 다시 내보내 주세요."),
    "wrong_architecture": _("다른 구조의 언어 모델용 어댑터예요. 지금 모델로 다시 학습해 주세요."),
    "wrong_base": _("다른 언어 모델로 학습한 어댑터예요. 지금 모델로 다시 학습해 주세요."),
    "changed_while_copied": _("복사하는 동안 파일이 바뀌거나 사라졌어요. 학습이 끝난 뒤 다시 시도해 주세요."),
    "copy_failed": _("어댑터를 저장하지 못했어요. 디스크 공간과 권한을 확인해 주세요."),
    # the decision
    "tainted": _("삭제된 대화로 학습한 어댑터예요. 다시 학습한 어댑터를 써 주세요."),
    "wrong_character": _("다른 캐릭터의 어댑터예요. 캐릭터를 확인해 주세요."),
    "already_open": _("이 캐릭터에는 진행 중인 배포가 있어요. 끝나기를 기다리거나 되돌려 주세요."),
    "already_live": _("이미 서비스 중인 어댑터예요."),
    "canary_share_bad": _("일부 사용자 비율은 0에서 50 사이여야 해요."),
    "already_ended": _("이미 되돌렸거나 다른 것으로 바뀐 배포예요. 지금 상태를 보고 다시 골라 주세요."),
    "nothing_to_roll_back": _("되돌릴 이전 어댑터가 없어요."),
    # the workers
    "load_failed": _("엔진이 어댑터를 읽지 못했어요. 워커 로그를 확인해 주세요."),
    "live_unreadable": _("지금 쓰는 어댑터 파일이 디스크에서 사라졌거나 바뀌었어요. 먼저 파일을 되살려 주세요."),
    "live_changed": _("새 어댑터를 읽은 뒤 지금 어댑터의 대답이 달라졌어요. 워커 로그를 확인해 주세요."),
    "probe_empty": _("시험 대화에 빈 대답을 했어요. 다시 학습해 주세요."),
    "probe_looping": _("시험 대화에서 같은 말을 되풀이했어요. 다시 학습해 주세요."),
    "probe_control_tokens": _("시험 대화의 대답에 제어 토큰이 나왔어요. 학습 자료의 형식을 확인해 주세요."),
    "probe_endless": _("시험 대화에서 대답을 끝맺지 못했어요. 다시 학습해 주세요."),
    "probe_failed": _("시험 대화 중에 엔진이 실패했어요. 워커 로그를 확인해 주세요."),
    "worker_died": _("이 어댑터를 읽던 워커가 두 번 죽었어요. 파일을 의심하고 워커 로그를 확인해 주세요."),
}


class ServingRefused(Exception):
    """`code` is one of REFUSALS; `detail` names the file, tensor or number, in English."""

    def __init__(self, code: str, detail: str = "") -> None:
        self.code = code
        self.detail = detail
        super().__init__(f"{code}: {detail}" if detail else code)

    @property
    def message(self) -> str:
        """For staff, in the language that is active."""
        return describe_refusal(self.code, self.detail)


def describe_refusal(code: str, detail: str = "") -> str:
    sentence = str(REFUSALS[code])
    return f"{sentence} ({detail})" if detail else sentence
