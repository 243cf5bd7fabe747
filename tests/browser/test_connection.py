"""A line that breaks: shown, mended, and nothing that was written is lost or doubled."""

from __future__ import annotations

import os
import signal

from playwright.sync_api import expect

from tests.browser.conftest import PHONE, REPLY_TOKENS, MakeVisitor
from tests.browser.scripted_server import ScriptedServer
from tests.browser.visitor import Visitor
from tests.stack_process import StackProcess


def test_a_message_written_offline_goes_out_once_when_the_line_is_back(guest: Visitor) -> None:
    guest.page.context.set_offline(True)
    guest.say("들리나요")
    expect(guest.page.locator("[data-link-state]")).to_be_visible()
    expect(guest.page.locator(".is-waiting")).to_have_count(1)
    guest.look("offline")
    guest.page.context.set_offline(False)
    expect(guest.page.locator("[data-link-state]")).to_be_hidden()
    guest.wait_until_answered()
    guest.page.reload()
    guest.wait_for_room()
    expect(guest.mine).to_have_text(["들리나요"])


def test_two_messages_written_offline_are_both_answered_in_their_order(guest: Visitor) -> None:
    guest.page.context.set_offline(True)
    guest.say("하나")
    guest.say("둘")
    guest.page.context.set_offline(False)
    guest.wait_until_answered()
    expect(guest.mine).to_have_text(["하나", "둘"])
    expect(guest.page.locator(".theirs")).to_have_count(3)


def test_an_unsent_message_survives_a_reload(guest: Visitor) -> None:
    guest.page.route_web_socket("**/ws/v1/", lambda route: None)  # a server that never says hello
    guest.page.reload()
    guest.wait_for_room()
    guest.say("잃어버리지 마세요")
    guest.page.unroute_all()
    tab = guest.open_second_tab()
    tab.wait_until_answered()
    expect(tab.mine).to_have_text(["잃어버리지 마세요"])


def test_a_running_reply_goes_on_after_the_web_process_died(guest: Visitor, stack: StackProcess) -> None:
    guest.say("긴 이야기를 들려주세요")
    guest.wait_until_writing()
    stack.wait_until_restarted("web", stack.kill("web"))
    text = guest.wait_until_answered()
    assert [word.rstrip("0123456789") + str(index) for index, word in enumerate(text.split())] == text.split()
    assert len(text.split()) == REPLY_TOKENS


def test_a_draft_survives_a_reload_and_leaves_with_the_user(guest: Visitor) -> None:
    guest.field.fill("아직 못 다 한 말")
    guest.page.reload()
    guest.wait_for_room()
    expect(guest.field).to_have_value("아직 못 다 한 말")
    guest.log_out()
    assert guest.page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('mary:user:'))") == []


def test_a_draft_outlives_a_session_that_ran_out(guest: Visitor) -> None:
    server = ScriptedServer(guest)
    guest.field.fill("아직 못 다 한 말")
    guest.page.context.clear_cookies()
    server.close(4401)
    guest.page.wait_for_url("**/accounts/login/?next=*")
    kept = "Object.keys(localStorage).filter((key) => key.includes(':draft:')).length"
    assert guest.page.evaluate(kept) == 1


def test_another_user_of_the_browser_finds_nothing_of_the_first(guest: Visitor) -> None:
    guest.page.evaluate("localStorage.setItem('mary:user:somebody-else:draft:x', '비밀')")
    guest.field.fill("내 글")
    guest.page.reload()
    guest.wait_for_room()
    assert guest.page.evaluate("localStorage.getItem('mary:user:somebody-else:draft:x')") is None
    expect(guest.field).to_have_value("내 글")


def test_a_socket_shut_out_while_the_login_holds_comes_back(guest: Visitor) -> None:
    server = ScriptedServer(guest)
    guest.field.fill("아직 못 다 한 말")
    server.close(4401)
    server.wait_until_opened(2)
    expect(guest.field).to_have_value("아직 못 다 한 말")


def test_a_room_that_could_not_be_opened_is_opened_again(guest: Visitor) -> None:
    server = ScriptedServer(guest, refusals=["unavailable", "internal"])
    assert [frame["type"] for frame in server.received].count("room.open") == 3


def test_the_room_opens_while_the_history_fails_and_the_history_follows(guest: Visitor) -> None:
    failures = iter([503, 503, 503])
    guest.page.route(
        "**/dialogs/", lambda route: route.fulfill(status=code) if (code := next(failures, 0)) else route.continue_()
    )
    guest.page.reload()
    expect(guest.page.locator(".toast")).to_contain_text("지난 이야기를 가져오는 데")
    guest.wait_for_room()


def test_a_refused_message_stays_and_is_not_sent_again(guest: Visitor) -> None:
    server = ScriptedServer(guest)
    server.refuse_messages("message_control_characters")
    guest.say("고칠 말")
    expect(guest.page.locator(".is-refused")).to_be_visible()
    server.close(1011)
    server.wait_until_opened(2)
    assert [frame["type"] for frame in server.received].count("message.send") == 1
    guest.page.get_by_role("button", name="고쳐 쓰기").click()
    expect(guest.field).to_have_value("고칠 말")


def test_stop_can_be_pressed_again_after_it_was_refused(guest: Visitor) -> None:
    server = ScriptedServer(guest)
    server.stream_reply(["듣고", " 있어요"])
    stop = guest.page.locator("[data-stop]")
    stop.click()
    expect(stop).to_be_disabled()
    server.send_error(server.wait_for("reply.stop")["ref"], "unavailable")
    expect(stop).to_be_enabled()


def test_the_crisis_card_does_not_cover_the_field_on_a_phone(invite: MakeVisitor) -> None:
    guest = invite(PHONE)
    guest.say("죽고 싶어요")
    expect(guest.page.locator(".crisis a[href='tel:109']")).to_be_in_viewport()
    guest.field.click(trial=True)  # refused where something lies over it
    guest.look("crisis")


def test_the_crisis_card_comes_while_no_worker_is_alive(guest: Visitor, stack: StackProcess) -> None:
    frozen = stack.kill("worker", signal.SIGSTOP)
    try:
        guest.say("죽고 싶어요")
        expect(guest.page.locator(".crisis a[href='tel:109']")).to_be_in_viewport()
        expect(guest.field).to_be_in_viewport()
        expect(guest.page.locator(".speech-note").last).to_contain_text("지금은 답할 준비가 안 됐어요", timeout=20_000)
        guest.look("crisis")
    finally:
        os.kill(frozen, signal.SIGCONT)
    guest.wait_until_answered()
