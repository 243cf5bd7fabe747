"""What a person keeps is kept durably; only throw-away data gives that up."""

from pathlib import Path

import pytest

from mymary_site.stack.postgres import build_service


@pytest.mark.parametrize(("is_durable", "gives_up"), [(True, False), (False, True)])
def test_only_throwaway_data_goes_without_fsync(is_durable: bool, gives_up: bool) -> None:
    service = build_service(Path("/bin"), Path("/data"), Path("/run/s"), "secret", is_durable=is_durable)
    assert ("fsync=off" in service.command) is gives_up


def test_the_server_listens_on_no_network() -> None:
    service = build_service(Path("/bin"), Path("/data"), Path("/run/s"), "secret", is_durable=True)
    assert "listen_addresses=" in service.command
