"""What a person reads when everything is up."""

import re

from mymary_site.env import Engine, Env

DEMO_PATTERN = re.compile(r"demo-account login=(\S+) password=(\S+)")

LM_LICENCE = """\
언어 모델 Gemma 3 270M은 Google의 Gemma 이용 약관과 금지 용도 정책을 따릅니다.
The Gemma 3 270M language model comes under Google's Gemma Terms of Use and Prohibited Use Policy:
  https://ai.google.dev/gemma/terms"""


def find_demo_account(seed_lines: list[str]) -> tuple[str, str] | None:
    """`seed` names the account only in the run that created it."""
    for line in seed_lines:
        if match := DEMO_PATTERN.search(line):
            return match[1], match[2]
    return None


def get_visit_host(host: str) -> str:
    """Where this machine itself reaches a server that listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  (looked up, not bound)


def render_address(env: Env) -> str:
    host = get_visit_host(env.host)
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{env.port}/"


def render_welcome(env: Env, demo: tuple[str, str] | None, *, is_first: bool) -> str:
    lines = ["", f"  내마리가 기다리고 있어요 · MyMary is ready →  {render_address(env)}"]
    if demo:
        lines += [
            "",
            "  ┌─ 체험 계정 · demo account (지금 한 번만 보여 드려요 · shown only once)",
            f"  │  아이디   · login    {demo[0]}",
            f"  │  비밀번호 · password {demo[1]}",
            "  └─",
        ]
    if is_first and env.engine is Engine.LLAMACPP and env.lm_path is None:
        lines += ["", *(f"  {line}" for line in LM_LICENCE.splitlines())]
    return "\n".join([*lines, "", "  끄려면 Ctrl-C · Ctrl-C stops everything", ""])
