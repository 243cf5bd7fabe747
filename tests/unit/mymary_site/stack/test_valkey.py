"""Valkey's configuration keeps promises: durable, never evicting, reachable by nobody else."""

from pathlib import Path

from mymary_site.stack.valkey import render_conf

CONF = render_conf(Path('/srv/my "mary"'), Path("/tmp/m/valkey.sock"), "pw").splitlines()


def test_tasks_and_tokens_survive_a_crash_and_are_never_evicted() -> None:
    assert {"appendonly yes", "appendfsync everysec", "maxmemory-policy noeviction"} <= set(CONF)


def test_it_listens_on_a_private_socket_only() -> None:
    assert {"port 0", 'unixsocket "/tmp/m/valkey.sock"', "unixsocketperm 700", 'requirepass "pw"'} <= set(CONF)


def test_a_data_folder_with_spaces_and_quotes_is_quoted() -> None:
    assert r'dir "/srv/my \"mary\""' in CONF
