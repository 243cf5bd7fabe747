"""Embedded Valkey: unix socket only, append-only file, and never evicting a key (a broker must not forget tasks)."""

from pathlib import Path
from urllib.parse import quote

import redis

from mymary_site.stack.owner import Owner
from mymary_site.stack.service import Service


def render_conf(data: Path, socket: Path, password: str) -> str:
    lines = [
        "port 0",
        f'unixsocket "{socket}"',
        "unixsocketperm 700",
        f'requirepass "{password}"',
        f'dir "{_escape(data)}"',
        "appendonly yes",
        "appendfsync everysec",
        'save ""',
        "maxmemory-policy noeviction",
        "daemonize no",
        "loglevel warning",
        "set-proc-title no",  # a title overwrites the environment, by which `leftovers` knows its own
    ]
    return "\n".join(lines) + "\n"


def build_service(binary: Path, data: Path, sockets: Path, password: str, owner: Owner) -> Service:
    """Writes the configuration, whose password belongs in a private file rather than on a command line."""
    socket = sockets / "valkey.sock"
    conf = data / "valkey.conf"
    owner.give_file(conf, render_conf(data, socket, password))
    return Service(
        name="valkey",
        command=(str(binary), str(conf)),
        url=f"unix://:{quote(password)}@{quote(str(socket), safe='/')}?db=0",
        stop_signal="TERM",
    )


def is_answering(url: str) -> bool:
    """False also while it still reads its append-only file."""
    connection: redis.Redis = redis.Redis.from_url(url, socket_timeout=2)
    try:
        return bool(connection.ping())
    except redis.exceptions.RedisError:
        return False
    finally:
        connection.close()


def _escape(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')
