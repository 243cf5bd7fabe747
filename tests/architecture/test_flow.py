"""The steps of the product: numbered without a gap, each line complete, and docs/flow.md equal to the code."""

from __future__ import annotations

import re

import pytest

from mymary_site.flow import FlowLineError, FlowStep, list_steps, parse_step
from tests.architecture.source_tree import REPOSITORY

PLACES = {"web", "inference worker", "celery", "web (admin)", "celery + process", "all workers"}


def test_the_numbers_have_no_gap_and_no_double():
    assert [step.number for step in list_steps()] == list(range(1, len(list_steps()) + 1))
    assert len(list_steps()) >= 8


def test_each_step_says_in_which_process_it_runs():
    assert {step.runs_in for step in list_steps()} <= PLACES


def test_the_document_shows_the_steps_as_the_code_says_them():
    document = (REPOSITORY / "docs" / "flow.md").read_text(encoding="utf-8")
    shown = re.search(r"<!-- make flow -->\n```text\n(.*?)\n```", document, re.DOTALL)
    assert shown is not None
    assert shown[1].splitlines() == [str(step) for step in list_steps()], "paste what `make flow` prints"


def test_a_line_is_read_into_its_four_parts():
    step = parse_step("chat.x", "Flow 07 | runs in: web | takes: a, b | gives: c, then d.")
    assert step == FlowStep(7, "chat.x", "web", "a, b", "c, then d")


@pytest.mark.parametrize("line", ["Flow 7 | runs in: web | takes: a | gives: b", "Flow 07 | runs in: web | takes: a"])
def test_a_line_that_lacks_a_part_is_refused(line):
    with pytest.raises(FlowLineError, match=r"chat\.x"):
        parse_step("chat.x", line)
