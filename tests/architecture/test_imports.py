"""Which module may import which. The rules stand in docs/flow.md; here they hold."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import pytest

from tests.architecture.source_tree import is_within, list_imports, list_modules, list_modules_under, list_reached

FRAMEWORK = ("django", "channels", "rest_framework", "drf_spectacular", "celery", "allauth", "csp", "pgtrigger")
DEEP_LEARNING = ("torch", "transformers", "peft", "bitsandbytes", "trl", "accelerate")
PURE = (
    "chat.errors",
    "chat.frames",
    "chat.inference.engine",
    "chat.inference.engines",
    "chat.inference.log_writer",
    "chat.inference.protocol",
    "chat.inference.voice",
    "chat.live.pace",
    "chat.prompting",
    "chat.serving.lora",
    "chat.serving.read_gguf",
    "chat.serving.read_safetensors",
    "chat.serving.sequential",
    "chat.serving.tensors",
    "chat.pseudonyms",
    "chat.token_log",
    "chat.tone",
    "chat.understanding",
    "mymary_site.env",
    "mymary_site.flow",
    "mymary_site.logs",
    "mymary_site.stack",
    "training.datasets",
    "training.evaluation",
    "training.finetune",
    "training.starter",
)
PROGRAMS = {"mymary_site.stack.prepare_database"}  # runs in a process of its own, with Django
ENTRANCES = ("chat.consumers", "chat.live", "chat.api", "chat.views", "chat.urls", "chat.routing", "chat.admin")


def list_offences(modules: set[str], forbidden: tuple[str, ...]) -> list[str]:
    imports = ((name, other) for name in sorted(modules) for other in list_imports(name))
    return [f"{name} → {other}" for name, other in imports if is_within(other, *forbidden)]


def test_chat_never_imports_training():
    assert list_offences(list_modules_under("chat"), ("training",)) == []


@pytest.mark.parametrize("root", PURE)
def test_what_needs_no_django_imports_none_not_even_through_others(root):
    modules = list_modules_under(root) - PROGRAMS
    assert modules, f"{root} has moved: tell this test where to"
    reached = {f"{name} → {other}" for name in modules for other in list_reached(name) if is_within(other, *FRAMEWORK)}
    assert reached == set()


def test_what_runs_as_a_program_of_its_own_is_imported_by_nobody():
    assert list_offences(set(list_modules()), tuple(PROGRAMS)) == []


def test_only_the_training_process_imports_deep_learning_libraries():
    assert list_offences(list_modules_under("chat", "mymary_site"), DEEP_LEARNING) == []


def test_tasks_import_flows_and_flows_never_import_tasks():
    tasks = tuple(name for name in list_modules() if name.endswith(".tasks"))
    assert tasks
    assert list_offences(set(list_modules()), tasks) == []


def test_models_look_up_at_nothing():
    upward = {
        f"{name} → {other}"
        for name in list_modules_under("chat.models")
        for other in list_imports(name, at_import_time=True)
        if is_within(other, *("chat", "training", "mymary_site")) and not is_within(other, "chat.models")
    }
    assert upward == set()


def test_flows_know_nothing_of_those_who_call_them():
    flows = list_modules_under("chat.replies", "chat.rooms", "chat.accounts", "chat.understanding", "chat.tone")
    assert list_offences(flows, (*ENTRANCES, "chat.inference")) == []


def test_web_and_inference_worker_meet_only_in_the_record_and_the_log():
    assert list_offences(list_modules_under(*ENTRANCES), ("chat.inference",)) == []
    assert list_offences(list_modules_under("chat.inference"), (*ENTRANCES, "chat.frames")) == []


def test_no_module_waits_for_itself():
    graph = {name: list_imports(name, at_import_time=True) & list_modules().keys() for name in list_modules()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))
