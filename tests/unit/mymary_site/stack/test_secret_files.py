"""Secrets are made once and stay private."""

from pathlib import Path

from mymary_site.stack.secret_files import read_or_create_secret


def test_a_secret_is_long_private_and_kept(tmp_path: Path) -> None:
    first = read_or_create_secret(tmp_path / "key")
    assert len(first) >= 50
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert read_or_create_secret(tmp_path / "key") == first


def test_two_secrets_differ(tmp_path: Path) -> None:
    assert read_or_create_secret(tmp_path / "a") != read_or_create_secret(tmp_path / "b")
