"""Runs side by side share nothing, and a socket's path stays short."""

import os
from pathlib import Path

import pytest

from mymary_site.stack.layout import find_temp, make_private_runtime, plan_layout
from mymary_site.stack.owner import find_owner
from mymary_site.stack.refusals import Refusal

LONG = Path("/srv") / ("very long name " * 12) / "var"
SOCKET_PATH_BYTES = 107


def test_two_ports_of_one_checkout_share_no_folder() -> None:
    one, other = (plan_layout(LONG, port, is_root=True) for port in (8000, 8001))
    assert one.home != other.home
    assert one.data != other.data
    assert one.runtime != other.runtime


def test_two_checkouts_on_one_port_share_no_folder() -> None:
    one, other = (plan_layout(Path(var), 8000, is_root=True) for var in ("/a/var", "/b/var"))
    assert one.data != other.data
    assert one.runtime != other.runtime


def test_a_deep_checkout_still_has_a_short_socket() -> None:
    layout = plan_layout(LONG, 65535, is_root=False)
    assert len(os.fsencode(layout.services_runtime / ".s.PGSQL.5432.lock")) <= SOCKET_PATH_BYTES


def test_an_ordinary_users_data_lies_in_the_checkout() -> None:
    layout = plan_layout(Path("/home/a/mymary/var"), 8000, is_root=False)
    assert layout.data == Path("/home/a/mymary/var/8000")


def test_a_runtime_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(find_temp())
    with pytest.raises(Refusal, match="FOLDER_UNWRITABLE"):
        make_private_runtime(tmp_path / "link", find_owner())


def test_a_runtime_folder_that_others_may_write_to_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(Refusal, match="FOLDER_UNWRITABLE"):
        make_private_runtime(tmp_path, find_owner())
