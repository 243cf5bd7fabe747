"""The tables keep the names of the ERD, and docs/data-model.md names every table, column and promise."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db.models import Model

from tests.architecture.source_tree import REPOSITORY

ERD = {
    "user": {"user_id", "password", "name", "dt_birth", "gender", "language"},
    "counsel": {"counsel_id", "character_id", "user_id", "dt_start", "dt_end"},
    "dialog": {
        "dialog_id",
        "counsel_id",
        "dt_dialog",
        "u_message",
        "ai_message",
        "dialog_emotion",
        "past_dialog",
        "change_dialog",
    },
    "emotion_log": {"emotion_id", "counsel_id", "counsel_emotion", "dt_emotion_log"},
    "character": {"character_id", "character_name", "character_model"},
}
DOCUMENT = (REPOSITORY / "docs" / "data-model.md").read_text(encoding="utf-8")
MODELS = {
    model._meta.db_table: model for app in ("chat", "training") for model in apps.get_app_config(app).get_models()
}


def list_columns(model: type[Model]) -> set[str]:
    return {field.column for field in model._meta.concrete_fields}


def list_promises(model: type[Model]) -> set[str]:
    """Names of the constraints and triggers by which the database itself keeps a promise."""
    triggers = {trigger.name for trigger in getattr(model._meta, "triggers", ())}
    return {constraint.name for constraint in model._meta.constraints} | triggers


@pytest.mark.parametrize("table", ERD)
def test_a_query_written_against_the_erd_runs_here(table):
    assert ERD[table] <= list_columns(MODELS[table])


@pytest.mark.parametrize("table", MODELS)
def test_every_table_and_column_is_documented(table):
    _, _, rest = DOCUMENT.partition(f'    "{table}" {{\n')
    block = rest.partition("\n    }")[0]
    shown = {line.split()[1] for line in block.splitlines()}
    assert shown == list_columns(MODELS[table])


@pytest.mark.parametrize("table", MODELS)
def test_every_promise_that_the_database_keeps_is_documented(table):
    assert {name for name in list_promises(MODELS[table]) if f"`{name}`" not in DOCUMENT} == set()


def test_dates_begin_with_dt_and_times_carry_their_zone():
    fields = [field for model in MODELS.values() for field in model._meta.concrete_fields]
    own = [field for field in fields if field.model._meta.db_table != "session"]  # that one is Django's
    misnamed = [
        str(field)
        for field in own
        if field.get_internal_type() in {"DateTimeField", "DateField"} and not field.column.startswith("dt_")
    ]
    assert misnamed == ["chat.User.last_login"]  # and so is this
