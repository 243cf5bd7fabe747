"""What a person reads when everything is up."""

from mymary_site.env import read_env
from mymary_site.stack.welcome import find_demo_account, render_address, render_welcome

ENV = read_env({"PORT": "8123"})


def test_the_demo_account_is_found_among_other_lines() -> None:
    assert find_demo_account(["4 characters", "demo-account login=demo password=a-b_c"]) == ("demo", "a-b_c")
    assert find_demo_account(["4 characters"]) is None


def test_the_first_start_shows_address_account_and_licence() -> None:
    text = render_welcome(ENV, ("demo", "a-b_c"), is_first=True)
    for part in ("http://127.0.0.1:8123/", "demo", "a-b_c", "https://ai.google.dev/gemma/terms"):
        assert part in text


def test_later_starts_show_only_the_address() -> None:
    text = render_welcome(ENV, None, is_first=False)
    assert "http://127.0.0.1:8123/" in text
    assert "demo" not in text
    assert "gemma" not in text


def test_another_lm_brings_no_gemma_notice() -> None:
    assert "gemma" not in render_welcome(read_env({"MARY_LM": "/x.gguf"}), None, is_first=True)


def test_an_address_that_means_all_is_shown_as_one_to_open() -> None:
    assert render_address(read_env({"MARY_HOST": "0.0.0.0"})) == "http://127.0.0.1:8000/"
    assert render_address(read_env({"MARY_HOST": "::"})) == "http://[::1]:8000/"
