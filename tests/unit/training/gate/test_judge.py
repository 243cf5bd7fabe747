"""The judge over loopback: strict, blind, patient for three tries, and then a failure."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.unit.training.gate.test_rating import LINES, SCORES
from training.gate import judge
from training.gate.judge import JudgedTalk, JudgeFailed, JudgeSettings, judge_all, judge_reply, list_for_judge
from training.gate.measured import SERVED, Exchange, Group, Reply

GOOD = "\n".join(LINES)


class Judge(HTTPServer):
    """Gives its answers in turn, the last one for ever; a number is a status without an answer."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[str | int] = [GOOD]
        self.asked: list[dict[str, Any]] = []

    @property
    def settings(self) -> JudgeSettings:
        return JudgeSettings(f"http://127.0.0.1:{self.server_port}/v1", "judge", "secret", timeout_seconds=5)


class Handler(BaseHTTPRequestHandler):
    server: Judge

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append({"path": self.path, "key": self.headers["Authorization"], **body})
        answers = self.server.answers
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(answer if isinstance(answer, int) else 200)
        self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.end_headers()
        if isinstance(answer, str):
            self.wfile.write(json.dumps({"choices": [{"message": {"content": answer}}]}).encode())

    def log_message(self, *args: Any) -> None:
        """Silent."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Judge]:
    monkeypatch.setattr(judge, "PAUSE_SECONDS", 0.0)
    with Judge() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_reply_is_scored_with_key_and_model(server: Judge) -> None:
    assert judge_reply(server.settings, ["user: 힘들어요"], "많이 힘드셨겠어요.") == SCORES
    asked = server.asked[0]
    assert (asked["path"], asked["key"], asked["model"]) == ("/v1/chat/completions", "Bearer secret", "judge")
    assert json.loads(asked["messages"][1]["content"])["평가할 답"] == "많이 힘드셨겠어요."


def test_a_bad_answer_is_asked_for_again(server: Judge) -> None:
    server.answers = ["I like it", 503, GOOD]
    assert judge_reply(server.settings, [], "네", pause_seconds=0) == SCORES
    assert len(server.asked) == 3


@pytest.mark.parametrize("answer", ["I like it", 500, 302])
def test_three_bad_answers_are_a_failure(server: Judge, answer: str | int) -> None:
    server.answers = [answer]
    with pytest.raises(JudgeFailed, match="3 tries"):
        judge_reply(server.settings, [], "네", pause_seconds=0)
    assert len(server.asked) == 3


def test_nobody_there_is_a_failure() -> None:
    with pytest.raises(JudgeFailed):
        judge_reply(JudgeSettings("http://127.0.0.1:9/v1", "judge", timeout_seconds=1), [], "네", pause_seconds=0)


@pytest.mark.parametrize(
    ("url", "is_in_house"),
    [
        ("http://127.0.0.1:8000/v1", True),
        ("http://localhost:8000/v1", True),
        ("http://10.0.3.7/v1", True),
        ("http://[::1]:8000/v1", True),
        ("http://[::ffff:8.8.8.8]/v1", False),
        ("https://8.8.8.8/v1", False),
        ("https://judge.example.org/v1", False),
    ],
)
def test_people_s_talks_stay_in_the_house_unless_the_operator_says_otherwise(url: str, is_in_house: bool) -> None:
    groups = {name: Group((name,), (Exchange(name, "?", Reply("네"), Reply("네")),)) for name in SERVED}
    clinical = Exchange("crisis", "?", Reply("네"), Reply("네"), is_clinical=True)
    groups["heldout"] = replace(groups["heldout"], exchanges=(*groups["heldout"].exchanges, clinical))

    def list_sent(**fields: bool) -> list[str]:
        return [one.case for one in list_for_judge(JudgeSettings(url, "judge", **fields), groups)]

    everything = ["heldout", "crisis", "fresh", "smoke"]
    assert list_sent() == (everything if is_in_house else ["smoke"])
    assert list_sent(may_get_talks=True) == (everything if is_in_house else ["heldout", "fresh", "smoke"])


def test_both_sides_of_all_talks_are_judged_in_shuffled_order_and_unnamed(server: Judge) -> None:
    replies = [Exchange(f"c{number}", "?", Reply(f"새 {number}"), Reply(f"헌 {number}")) for number in range(6)]
    judged = judge_all(server.settings, [JudgedTalk(row, ("user: ?",)) for row in replies], 1, lambda *done: None)
    assert judged.candidate.keys() == judged.live.keys() == set(judged.expected)
    order = [json.loads(asked["messages"][1]["content"])["평가할 답"][0] for asked in server.asked]
    assert order != ["새", "헌"] * 6
    assert not any("candidate" in json.dumps(asked) or "live" in json.dumps(asked) for asked in server.asked)
