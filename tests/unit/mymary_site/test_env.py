"""Environment variables become typed values, or an error that names what to correct."""

from pathlib import Path

import pytest

from mymary_site.env import REPOSITORY, Engine, EnvError, build_database, build_redis_urls, read_env


def test_an_empty_environment_has_working_defaults() -> None:
    env = read_env({})
    assert (env.host, env.port, env.engine, env.engine_slots) == ("127.0.0.1", 8000, Engine.LLAMACPP, 4)
    assert (env.database_url, env.redis_url, env.lm_path, env.allowed_origins) == (None, None, None, ())
    assert env.var == REPOSITORY / "var"


def test_an_empty_value_counts_as_unset() -> None:
    assert read_env({"PORT": "", "MARY_LM": "", "DATABASE_URL": "", "MARY_ENGINE": ""}) == read_env({})


def test_every_variable_is_read() -> None:
    env = read_env(
        {
            "DATABASE_URL": "postgresql://u:p@db:5432/mary",
            "REDIS_URL": "redis://valkey:6379/2",
            "PORT": "8123",
            "MARY_HOST": "0.0.0.0",
            "MARY_SECRET_KEY": "k" * 50,
            "MARY_ALLOWED_ORIGINS": "https://a.example, http://b.example:8080",
            "MARY_LM": "/models/x.gguf",
            "MARY_ENGINE": "fake",
            "MARY_ENGINE_SLOTS": "8",
            "MARY_VAR": "/srv/mary",
            "DJANGO_SETTINGS_MODULE": "mymary_site.settings.prod",
        }
    )
    assert env.get_database_url() == "postgresql://u:p@db:5432/mary"
    assert env.get_redis_url() == "redis://valkey:6379/2"
    assert env.get_secret_key() == "k" * 50
    assert (env.host, env.port, env.engine, env.engine_slots) == ("0.0.0.0", 8123, Engine.FAKE, 8)
    assert env.allowed_origins == ("https://a.example", "http://b.example:8080")
    assert (env.lm_path, env.var) == (Path("/models/x.gguf"), Path("/srv/mary"))
    assert env.settings_module == "mymary_site.settings.prod"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "٣"),
        ("MARY_HOST", "two words"),
        ("MARY_ENGINE", "vllm"),
        ("MARY_ENGINE_SLOTS", "-1"),
        ("MARY_ALLOWED_ORIGINS", "mary.example.org"),
        ("MARY_ALLOWED_ORIGINS", "https://mary.example.org/"),
        ("DATABASE_URL", "sqlite:///db.sqlite3"),
        ("DATABASE_URL", "postgresql://mary@db:54x32/mary"),
        ("DATABASE_URL", "postgresql://mary@db:5432"),
        ("REDIS_URL", "valkey://127.0.0.1/0"),
        ("REDIS_URL", "redis://"),
        ("REDIS_URL", "redis://127.0.0.1/first"),
    ],
)
def test_a_malformed_value_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(EnvError, match=rf"^{name} is .*; expected ") as caught:
        read_env({name: value})
    assert caught.value.name == name


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_a_refused_url_does_not_show_its_password(name: str) -> None:
    with pytest.raises(EnvError) as caught:
        read_env({name: "wrong://user:hunter2@host/0"})
    assert "hunter2" not in str(caught.value)


def test_a_short_secret_key_is_refused_without_being_shown() -> None:
    with pytest.raises(EnvError, match="MARY_SECRET_KEY") as caught:
        read_env({"MARY_SECRET_KEY": "short-one"})
    assert "short-one" not in str(caught.value)


@pytest.mark.parametrize("getter", ["get_database_url", "get_redis_url", "get_secret_key"])
def test_what_is_missing_is_refused_when_it_is_asked_for(getter: str) -> None:
    with pytest.raises(EnvError, match="is not set; expected"):
        getattr(read_env({}), getter)()


def test_database_url_with_a_unix_socket_becomes_djangos_setting() -> None:
    database = build_database("postgresql://mary@/chat?host=/tmp/a%20b")
    assert (database["NAME"], database["USER"], database["HOST"]) == ("chat", "mary", "/tmp/a b")
    assert (database["PASSWORD"], database["PORT"]) == ("", "")


def test_database_url_is_decoded_and_its_options_are_kept() -> None:
    database = build_database("postgresql://u:p%40ss@db:5433/chat?sslmode=require")
    assert (database["PASSWORD"], database["PORT"]) == ("p@ss", "5433")
    assert database["OPTIONS"]["sslmode"] == "require"


def test_connections_come_from_a_bounded_pool() -> None:
    database = build_database("postgresql://u@db/chat")
    assert database["CONN_MAX_AGE"] == 0
    assert database["OPTIONS"]["pool"]["max_size"] == 10


def test_one_redis_url_becomes_four_databases() -> None:
    urls = build_redis_urls("redis://:pw@h:6380/2")
    assert (urls.token_log, urls.channel_layer) == ("redis://:pw@h:6380/2", "redis://:pw@h:6380/3")
    assert (urls.cache, urls.broker) == ("redis://:pw@h:6380/4", "redis://:pw@h:6380/5")


def test_the_broker_gets_a_unix_socket_in_kombus_spelling() -> None:
    urls = build_redis_urls("unix://:pw@/tmp/v.sock?db=0")
    assert urls.cache == "unix://:pw@/tmp/v.sock?db=2"
    assert urls.broker == "redis+socket://:pw@/tmp/v.sock?virtual_host=3"
