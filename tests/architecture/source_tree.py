"""The source tree as these tests read it: modules, their imports, their string constants. Imports nothing of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = ("chat", "training", "mymary_site")


@cache
def list_modules() -> dict[str, Path]:
    """Dotted name → file of every module of ours, migrations left out. A package's name is its folder's."""
    files = (file for package in PACKAGES for file in (REPOSITORY / package).rglob("*.py"))
    return {_name_module(file): file for file in files if "migrations" not in file.parts}


def list_modules_under(*prefixes: str) -> set[str]:
    return {name for name in list_modules() if any(name == p or name.startswith(f"{p}.") for p in prefixes)}


@cache
def parse_module(name: str) -> ast.Module:
    return ast.parse(list_modules()[name].read_text(encoding="utf-8"))


@cache
def list_imports(name: str, *, at_import_time: bool = False) -> frozenset[str]:
    """Dotted names that the module imports; with `at_import_time`, without those in functions and TYPE_CHECKING."""
    nodes = _walk_import_time(parse_module(name)) if at_import_time else ast.walk(parse_module(name))
    return frozenset(imported for node in nodes for imported in _list_names(node))


@cache
def list_reached(name: str) -> frozenset[str]:
    """Everything that importing the module also imports: ours followed to the end, others by name."""
    reached: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        for imported in list_imports(current, at_import_time=True) - reached:
            reached.add(imported)
            if imported in list_modules():
                waiting.append(imported)
    return frozenset(reached)


def is_within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def list_strings(name: str) -> Iterator[str]:
    """String constants of the module that are no docstrings."""
    tree = parse_module(name)
    lone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in lone:
            yield node.value


def _name_module(file: Path) -> str:
    parts = file.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _walk_import_time(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        is_typing = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        if not is_typing and not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from _walk_import_time(child)


def _list_names(node: ast.AST) -> Iterator[str]:
    """`from chat import token_log` names the module `chat.token_log`; `from chat.errors import X`, `chat.errors`."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        modules = [f"{node.module}.{alias.name}" for alias in node.names]
        found = [module for module in modules if module in list_modules()]
        yield from found
        if len(found) < len(modules):
            yield node.module
