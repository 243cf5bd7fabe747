"""Korean composition through the browser's own input protocol: one Enter, one message, every syllable whole."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import CDPSession, expect

from tests.browser.visitor import Visitor

ENTER = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "nativeVirtualKeyCode": 13}
COMPOSING_ENTER = {**ENTER, "key": "Process", "windowsVirtualKeyCode": 229, "nativeVirtualKeyCode": 229}
STEPS = ("ㅇ", "아", "안", "안ㄴ", "안녀", "안녕")


class Keyboard:
    """A keyboard with a Korean input method, as the operating system hands it to the browser."""

    def __init__(self, session: CDPSession) -> None:
        self.session = session

    def compose(self, *texts: str) -> None:
        for text in texts:
            self.session.send(
                "Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
            )

    def commit(self, text: str) -> None:
        self.session.send("Input.insertText", {"text": text})

    def down(self, key: dict[str, Any], **more: Any) -> None:
        self.session.send("Input.dispatchKeyEvent", {"type": "keyDown", **key, **more})

    def up(self, key: dict[str, Any] = ENTER) -> None:
        self.session.send("Input.dispatchKeyEvent", {"type": "keyUp", **key})


@pytest.fixture
def keyboard(guest: Visitor) -> Keyboard:
    guest.field.focus()
    return Keyboard(guest.page.context.new_cdp_session(guest.page))


def expect_sent_once(guest: Visitor, text: str) -> None:
    guest.wait_until_answered()
    expect(guest.mine).to_have_text([text])
    expect(guest.field).to_have_value("")


def test_enter_inside_a_composition_sends_once_when_the_syllable_is_complete(
    guest: Visitor, keyboard: Keyboard
) -> None:
    keyboard.compose(*STEPS)
    keyboard.down(COMPOSING_ENTER)
    keyboard.commit("안녕")
    keyboard.up()
    expect_sent_once(guest, "안녕")


def test_a_second_keydown_of_the_same_press_does_not_send_again(guest: Visitor, keyboard: Keyboard) -> None:
    keyboard.compose(*STEPS)
    keyboard.down(COMPOSING_ENTER)
    keyboard.commit("안녕")
    keyboard.down(ENTER, text="\r")
    keyboard.up()
    expect_sent_once(guest, "안녕")


def test_enter_after_the_end_of_a_composition_sends_once(guest: Visitor, keyboard: Keyboard) -> None:
    keyboard.compose(*STEPS)
    keyboard.commit("안녕")
    keyboard.down(COMPOSING_ENTER)
    keyboard.up()
    expect_sent_once(guest, "안녕")


def test_shift_enter_breaks_the_line_and_enter_sends_both_lines(guest: Visitor, keyboard: Keyboard) -> None:
    keyboard.compose(*STEPS)
    keyboard.commit("안녕")
    keyboard.down(ENTER, text="\r", modifiers=8)
    keyboard.up()
    keyboard.compose("하", "하이")
    keyboard.down(COMPOSING_ENTER)
    keyboard.commit("하이")
    keyboard.up()
    expect_sent_once(guest, "안녕\n하이")


def test_enter_that_chooses_a_hanja_does_not_send(guest: Visitor, keyboard: Keyboard) -> None:
    keyboard.compose("한", "韓")
    keyboard.down(COMPOSING_ENTER)
    keyboard.commit("韓")
    keyboard.up()
    expect(guest.field).to_have_value("韓")
    expect(guest.mine).to_have_count(0)


def test_enter_that_chose_a_hanja_before_its_keydown_does_not_send(guest: Visitor, keyboard: Keyboard) -> None:
    """Safari's order."""
    keyboard.compose("한", "韓")
    keyboard.commit("韓")
    keyboard.down(COMPOSING_ENTER)
    keyboard.up()
    expect(guest.field).to_have_value("韓")
    keyboard.down(ENTER, text="\r")
    keyboard.up()
    expect_sent_once(guest, "韓")


def test_enter_held_down_sends_once(guest: Visitor, keyboard: Keyboard) -> None:
    keyboard.commit("안녕")
    for repeat in (False, True, True):
        keyboard.down(ENTER, text="\r", autoRepeat=repeat)
    keyboard.up()
    expect_sent_once(guest, "안녕")


def test_two_messages_in_a_row_are_two_messages(guest: Visitor, keyboard: Keyboard) -> None:
    for count in (1, 2):
        keyboard.compose("네")
        keyboard.down(COMPOSING_ENTER)
        keyboard.commit("네")
        keyboard.up()
        expect(guest.mine).to_have_text(["네"] * count)
        guest.wait_until_answered()
