"""Why the launcher does not start: one plain sentence with its remedy, in Korean and English, under a stable code.

Standard library only: the installer uses it before anything is installed.
"""

from pathlib import Path


class Refusal(Exception):
    """The launcher cannot go on, and a person can change that."""

    def __init__(self, code: str, korean: str, english: str) -> None:
        super().__init__(code)
        self.code, self.korean, self.english = code, korean, english

    def __str__(self) -> str:
        return f"\n✗ {self.code}\n  {self.korean}\n  {self.english}\n"


def port_taken(port: int) -> Refusal:
    return Refusal(
        "PORT_TAKEN",
        f"{port}번 포트를 이미 다른 프로그램이 쓰고 있습니다. PORT={port + 1} make run 처럼 다른 번호로 켜 주세요.",
        f"Port {port} is already in use; choose another one: PORT={port + 1} make run",
    )


def already_running(port: int) -> Refusal:
    return Refusal(
        "ALREADY_RUNNING",
        f"이 폴더의 MyMary가 {port}번 포트에서 이미 돌고 있습니다. "
        f"그 창에서 Ctrl-C로 끄거나 PORT={port + 1} make run 으로 하나 더 켜세요.",
        f"This checkout is already running on port {port}; "
        f"stop it with Ctrl-C there, or start another: PORT={port + 1} make run",
    )


def host_unusable(host: str, reason: str) -> Refusal:
    return Refusal(
        "HOST_UNUSABLE",
        f"MARY_HOST={host} 주소로는 접속을 받을 수 없습니다 ({reason}). 이 컴퓨터의 주소나 127.0.0.1로 바꿔 주세요.",
        f"Cannot listen on MARY_HOST={host} ({reason}); use an address of this machine, such as 127.0.0.1",
    )


def disk_full(folder: Path, free_mib: int, needed_mib: int) -> Refusal:
    return Refusal(
        "DISK_FULL",
        f"{folder} 에 남은 공간이 {free_mib} MiB뿐입니다. {needed_mib} MiB 이상 비운 뒤 다시 실행해 주세요.",
        f"Only {free_mib} MiB are free at {folder}; make room for at least {needed_mib} MiB and start again",
    )


def unwritable(folder: Path, reason: str) -> Refusal:
    return Refusal(
        "FOLDER_UNWRITABLE",
        f"{folder} 에 쓸 수 없습니다 ({reason}). 권한을 고치거나 MARY_VAR 로 쓸 수 있는 폴더를 알려 주세요.",
        f"Cannot write to {folder} ({reason}); fix its permissions or name another folder with MARY_VAR",
    )


def unusable_path(folder: Path) -> Refusal:
    return Refusal(
        "PATH_UNUSABLE",
        f"폴더 이름에 ' #', ' ;' 또는 줄바꿈이 들어 있어 쓸 수 없습니다: {folder!s}. 폴더 이름을 바꿔 주세요.",
        f"The path {folder!s} contains ' #', ' ;' or a line break, which supervisor cannot read; rename the folder",
    )


def not_running(port: int) -> Refusal:
    return Refusal(
        "NOT_RUNNING",
        f"포트 {port}에서 돌고 있는 내마리가 없습니다. 다른 창에서 make run 을 먼저 실행해 주세요.",
        f"No MyMary runs on port {port}; start it first with make run in another window",
    )


def lm_missing(place: str) -> Refusal:
    return Refusal(
        "LM_MISSING",
        f"언어 모델을 찾을 수 없습니다 ({place}). "
        "make clean 다음에 make run 으로 다시 설치하거나, MARY_LM 에 .gguf 파일 경로를 적어 주세요.",
        f"The language model is missing ({place}); run make clean and then make run to install it again, "
        "or point MARY_LM at a .gguf file",
    )


def malformed_env(error: Exception) -> Refusal:
    return Refusal(
        "ENV_MALFORMED",
        f"환경 변수 값을 고쳐 주세요. {error}",
        f"Correct this environment variable: {error}",
    )


def install_failed(step: str) -> Refusal:
    return Refusal(
        "INSTALL_FAILED",
        f"{step} 설치가 끝나지 않았습니다. 인터넷 연결과 위의 메시지를 확인한 뒤 다시 실행해 주세요.",
        f"Installing {step} did not finish; check the network and the message above, then run it again",
    )


def did_not_answer(name: str, log: Path) -> Refusal:
    return Refusal(
        "NO_ANSWER",
        f"{name} 이(가) 제때 켜지지 않았습니다. 까닭은 {log} 에 적혀 있습니다.",
        f"{name} did not come up in time; {log} says why",
    )


def supervisor_gone(log: Path) -> Refusal:
    return Refusal(
        "SUPERVISOR_GONE",
        f"프로세스를 돌보던 supervisord가 끝나 버려서 모두 껐습니다. make run 으로 다시 켜 주세요. 기록: {log}",
        f"supervisord, which keeps the processes alive, is gone, so everything was stopped; run make run again ({log})",
    )


def step_failed(step: str, output: list[str]) -> Refusal:
    """`output` is what the step said; its last line is the one that counts, a traceback's as well."""
    reason = next((line.strip() for line in reversed(output) if line.strip()), "no output")
    return Refusal(
        "STEP_FAILED",
        f"{step} 단계에서 멈췄습니다: {reason}\n  이 문제를 고친 뒤 다시 실행해 주세요.",
        f"The step {step} failed: {reason}\n  Correct that, then start again",
    )


def no_unprivileged_user() -> Refusal:
    return Refusal(
        "NO_SERVICE_USER",
        "root로 실행하려면 postgres 또는 nobody 사용자가 있어야 합니다. 사용자를 만들거나 일반 사용자로 실행해 주세요.",
        "Running as root needs a user named postgres or nobody; create one, or run as an ordinary user",
    )
