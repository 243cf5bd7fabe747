"""One embedded service as its starter sees it."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Service:
    name: str
    command: tuple[str, ...]
    url: str = field(repr=False)  # carries a password
    stop_signal: str  # supervisor's spelling, without SIG
