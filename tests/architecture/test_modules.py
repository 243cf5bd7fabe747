"""Every module says what it is, under a name that says what it is for."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.architecture.source_tree import REPOSITORY, list_modules, parse_module

VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "tools", "services", "managers", "constants", "base"}
DOCSTRING_LINES = 14
FOLDERS = ("chat", "training", "mymary_site", "tests", "benchmarks", "deploy")
BASES_WITH_A_MEANING = {"chat.api.base", "mymary_site.settings.base"}  # what every view does; Django's settings


def list_files() -> list[Path]:
    files = (file for folder in FOLDERS for file in (REPOSITORY / folder).rglob("*.py"))
    return [file for file in files if "migrations" not in file.parts]


@pytest.mark.parametrize("file", list_files(), ids=lambda file: str(file.relative_to(REPOSITORY)))
def test_every_module_opens_with_a_short_docstring(file):
    docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
    assert docstring, "say in one to six lines what it is"
    assert len(docstring.splitlines()) <= DOCSTRING_LINES


def test_no_module_is_named_after_nothing():
    vague = {name for name in list_modules() if name.rpartition(".")[2] in VAGUE} - BASES_WITH_A_MEANING
    assert vague == set()


def test_no_module_prints_but_the_launcher_and_the_commands():
    printing = {
        name
        for name in list_modules()
        for node in ast.walk(parse_module(name))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert {name for name in printing if not name.startswith(("mymary_site.stack", "mymary_site.flow"))} == set()


def test_no_exception_is_swallowed():
    silent = {
        f"{name}:{node.lineno}"
        for name in list_modules()
        for node in ast.walk(parse_module(name))
        if isinstance(node, ast.ExceptHandler) and [type(part) for part in node.body] == [ast.Pass]
    }
    assert silent == set()
