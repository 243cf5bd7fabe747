"""The rating screen over HTTP: who gets in, what it sends, what it never shows."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest
from django.urls import reverse

from chat.models import Dialog
from tests.annotation_builders import build_expert, build_item, take_consent_back
from tests.builders import build_reply, build_user
from training.cycle import pairing
from training.cycle.lease import take_next
from training.cycle.rate import RatingAct, rate_reply
from training.models import ItemState, Rating, RawAccess, ReviewItem
from training.models.items import QueueReason

pytestmark = pytest.mark.django_db

RATE = "/admin/training/reviewitem/rate/"
REASON = "위기 신호가 맞는지 확인하려고 열어요"


@pytest.fixture
def ann(client):
    expert = build_expert("ann")
    client.force_login(expert)
    return expert


def send(client, page: str, item: ReviewItem | None = None, /, **body):
    address = reverse(f"admin:training_{page}", args=[item.pk] if item else [])
    return client.post(address, json.dumps(body), content_type="application/json")


def read_page(client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_annotator_rates_and_is_given_the_next_one(client, ann):
    first, second = build_item("mina", priority=9.0), build_item("bora", priority=1.0)
    assert str(first.pk) in read_page(client, RATE)
    answer = send(client, "rate_save", first, overall=7, scores={"natural": 4}, reasons=["cold"], seconds=21)
    assert answer.status_code == 200
    assert str(second.pk) in answer.json()["html"]
    assert Rating.objects.get().seconds == 21


def test_the_last_one_leads_to_an_empty_queue_that_says_so(client, ann):
    item = build_item()
    read_page(client, RATE)
    assert send(client, "rate_skip", item, reason="unsure").json()["is_empty"]
    assert str(item.pk) in send(client, "rate_undo").json()["html"]


@pytest.mark.parametrize(
    "body",
    [
        {"overall": "7"},
        {"overall": True},
        {"overall": 7, "scores": [1]},
        {"overall": 7, "scores": {"natural": "4"}},
        {"overall": 7, "reasons": [["cold"]]},
        {"overall": 7, "correction": 5},
        {"overall": 7, "preferred_reply_id": "x"},
        {"overall": 7, "shown_reply_ids": "x"},
        {"overall": 7, "shown_reply_ids": ["x"]},
        {"overall": 7, "seconds": 1.5},
    ],
)
def test_a_body_with_wrong_types_is_refused_with_a_code(client, ann, body):
    item = build_item()
    read_page(client, RATE)
    answer = send(client, "rate_save", item, **body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "bad_field")
    assert not Rating.objects.exists()


def test_refusals_say_in_korean_what_to_do(client, ann):
    item = build_item()
    read_page(client, RATE)
    error = send(client, "rate_save", item).json()["error"]
    assert error == {"code": "says_nothing", "message": "종합 점수를 주거나, 답을 고치거나, 더 나은 답을 골라 주세요."}


def test_who_works_on_an_item_keeps_it(client, ann):
    item = build_item()
    assert send(client, "rate_hold", item).json() == {"is_held": False}
    read_page(client, RATE)
    assert send(client, "rate_hold", item).json() == {"is_held": True}


def test_the_screen_never_tells_which_adapter_wrote_an_answer(client, ann):
    item = build_item("mina", "첫째 답이에요. 어때요?", "둘째 답이에요. 어때요?", reasons=["canary"])
    item.reply.dialog.replies.update(adapter="mary@0123456789ab", lm="gemma", worker="w-1")
    page = read_page(client, RATE)
    shown = page.partition("data-item")[2]
    assert "첫째 답이에요" in shown
    assert not any(word in shown for word in ("mary@", "0123456789ab", "gemma", "w-1", "시험 중인", "후보와"))


def test_the_screen_tells_nothing_of_what_others_thought_of_the_answer(client):
    client.force_login(build_expert("doc", "clinical_reviewer"))
    build_item(reasons=[str(reason) for reason in QueueReason], needs_clinical=True)
    shown = read_page(client, RATE).partition('class="talk-head"')[2].partition("</header>")[0]
    labels = {reason.value for reason in QueueReason if str(reason.label) in shown}
    assert labels == {"crisis", "siblings"}
    listed = read_page(client, reverse("admin:training_reviewitem_changelist")).partition('id="result_list"')[2]
    assert all(str(reason.label) in listed for reason in QueueReason)


def test_siblings_stand_in_one_order_for_one_person(client, ann):
    build_item("mina", *(f"{number}번째 답이에요. 어때요?" for number in range(3)))
    orders = [tuple(list_answers(read_page(client, RATE))) for _ in range(2)]
    assert orders[0] == orders[1]
    assert len(set(orders[0])) == 3


def test_of_many_siblings_the_judged_the_kept_and_the_newest_are_shown(client, ann):
    newest = build_item("mina", *(f"{number}번째 답이에요. 어때요?" for number in range(7))).reply
    judged, kept, *_, late = (str(one.pk) for one in newest.dialog.replies.exclude(pk=newest.pk).order_by("number"))
    ReviewItem.objects.update(reply=judged)
    Dialog.objects.update(chosen_reply=kept)
    page = read_page(client, RATE)
    assert set(list_answers(page)) == {judged, kept, late, str(newest.pk)}
    letters = Counter(re.findall(r'data-letter="(.)"', page))
    assert set("ABCDX") < set(letters)
    assert set(letters.values()) == {1}


def test_no_longer_correction_can_be_typed_than_can_be_learned(client, ann):
    build_item()
    assert f'maxlength="{pairing.MAX_CHARACTERS}" spellcheck' in read_page(client, RATE)


def list_answers(page: str) -> list[str]:
    return [part.partition('"')[0] for part in page.split('name="preferred" value="')[1:]][:-1]


def test_answers_that_came_after_the_page_was_opened_are_not_kept_as_seen(client, ann):
    item = build_item("mina", "첫째 답이에요. 어때요?", "둘째 답이에요. 어때요?")
    shown = list_answers(read_page(client, RATE))
    build_reply(item.reply.dialog, "막 다시 쓴 답이에요. 어때요?")
    answer = send(client, "rate_save", item, preferred_reply_id=shown[0], shown_reply_ids=shown)
    assert answer.status_code == 200
    assert {str(reply_id) for reply_id in Rating.objects.get().shown_reply_ids} == set(shown)


def test_annotators_read_pseudonyms_only(client, ann):
    item = build_item()
    dialog = item.reply.dialog
    dialog.u_message = "제 번호는 010-2345-6789예요. <b>굵게</b>"
    dialog.save()
    page = read_page(client, RATE)
    assert "010-2345-6789" not in page
    assert "&lt;b&gt;굵게" in page


def test_raw_text_opens_to_the_role_with_a_reason_only(client, ann):
    item = build_item("mina")
    address = reverse("admin:training_raw", args=[item.pk])
    assert client.get(address).status_code == 403
    client.force_login(build_expert("doc", "clinical_reviewer"))
    assert "잠이 안 와요" not in read_page(client, address)
    assert "10자" in client.post(address, {"reason": "그냥"}).content.decode()
    answer = client.post(address, {"reason": REASON})
    assert "잠이 안 와요" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert RawAccess.objects.get().reason == REASON


@pytest.mark.parametrize(("state", "page"), [("open", "training_rate"), ("disputed", "training_decide")])
def test_raw_text_names_its_character_and_leads_back_to_where_it_was_opened(client, state, page):
    item = build_item(state=state)
    client.force_login(build_expert("doc", "clinical_reviewer"))
    html = client.post(reverse("admin:training_raw", args=[item.pk]), {"reason": REASON}).content.decode()
    assert item.reply.dialog.counsel.character.local_name in html.partition('class="raw"')[2]
    back = reverse(f"admin:{page}", args=[item.pk] if page == "training_decide" else [])
    assert f'href="{back}">돌아가기' in html


def test_a_reviewer_sees_both_opinions_and_decides(client):
    item = build_item(needed=2)
    for login_id, overall in {"ann": 9, "ben": 2}.items():
        expert = build_expert(login_id)
        take_next(expert)
        client.force_login(expert)
        send(client, "rate_save", item, overall=overall, comment=f"메모 {login_id}")
    client.force_login(build_expert("boss", "reviewer"))
    page = read_page(client, reverse("admin:training_decide", args=[item.pk]))
    assert "메모 ann" in page
    assert "메모 ben" in page
    assert send(client, "decide_save", item, overall=4).json()["is_decided"]
    assert Rating.objects.get(is_authoritative=True).overall == 4


def test_the_next_dispute_is_one_that_the_reviewer_may_decide(client):
    boss = build_expert("boss", "reviewer")
    client.force_login(boss)
    first, own, clinical, second = (
        build_item(f"user-{place}", state=ItemState.DISPUTED, priority=9 - place, needs_clinical=place == 2)
        for place in range(4)
    )
    Rating.objects.create(item=own, annotator=boss, overall=3)
    ways = [send(client, "decide_save", item, overall=4).json()["next"] for item in (first, second)]
    assert ways[0] == reverse("admin:training_decide", args=[second.pk])
    assert ways[1] == reverse("admin:training_reviewitem_changelist") + "?state=disputed"
    assert clinical.ratings.count() == 0


def test_pages_are_closed_to_those_without_the_role(client):
    item = build_item()
    client.force_login(build_expert("tom", "trainer"))
    assert client.get(RATE).status_code == 403
    assert client.get(reverse("admin:training_agreement")).status_code == 403
    assert client.get(reverse("admin:training_decide", args=[item.pk])).status_code == 403
    answer = send(client, "rate_save", item, overall=3)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_allowed")


def test_the_queue_hides_crisis_turns_from_those_who_may_not_rate_them(client):
    item = build_item(needs_clinical=True)
    address = reverse("admin:training_reviewitem_changelist")
    client.force_login(build_expert("boss", "reviewer"))
    assert str(item.pk)[:8] not in read_page(client, address)
    client.force_login(build_expert("doc", "clinical_reviewer"))
    assert str(item.pk)[:8] in read_page(client, address)


def test_a_reviewer_gives_items_to_a_person_and_takes_them_back(client, ann):
    item = build_item()
    client.force_login(build_expert("boss", "reviewer"))
    address = reverse("admin:training_reviewitem_changelist")
    form = {"_selected_action": [str(item.pk)], "action": "assign", "person": str(ann.pk)}
    client.post(address, form)
    assert ReviewItem.objects.get().assigned_to == ann
    client.post(address, form | {"action": "release"})
    assert ReviewItem.objects.get().assigned_to is None
    client.post(address, form | {"person": "nobody"})
    assert ReviewItem.objects.get().assigned_to is None


def test_agreement_is_shown_by_scale_and_person(client, ann):
    ben = build_expert("ben")
    for number, (one, other) in enumerate(((2, 3), (9, 8), (5, 5))):
        item = build_item(f"user-{number}", needed=2)
        for expert, overall in ((ann, one), (ben, other)):
            Rating.objects.create(item=item, annotator=expert, overall=overall)
    client.force_login(build_expert("boss", "reviewer"))
    page = read_page(client, reverse("admin:training_agreement"))
    assert "0.96" in page
    assert all(name in page for name in ("자연스러움", "ann", "ben"))


def test_lists_and_choices_name_experts_and_no_users(client):
    item = build_item("somebody-who-talks")
    rater = build_expert("rater-of-the-house")
    RawAccess.objects.create(user=item.user, dialog=item.reply.dialog, reader=rater, reason=REASON)
    ReviewItem.objects.update(assigned_to=rater)
    for login_id in ("another-user", "one-more-user"):
        build_user(login_id)
    client.force_login(build_user("chief", is_staff=True, is_superuser=True))
    names = ("reviewitem_changelist", "rating_changelist", "rawaccess_changelist")
    pages = [reverse(f"admin:training_{name}") for name in names]
    for page in (*pages, reverse("admin:training_reviewitem_change", args=[item.pk])):
        html = read_page(client, page)
        assert "another-user" not in html
        assert "one-more-user" not in html
    assert "rater-of-the-house" in html


def test_asking_for_more_ratings_opens_the_item_again(client):
    item = build_item()
    expert = build_expert("ann")
    take_next(expert)
    rate_reply(item.pk, expert, RatingAct(overall=7))
    client.force_login(build_user("chief", is_staff=True, is_superuser=True))
    for needed, state in ((2, ItemState.OPEN), (1, ItemState.DONE)):
        page = reverse("admin:training_reviewitem_change", args=[item.pk])
        assert client.post(page, {"needed": needed, "assigned_to": ""}).status_code == 302
        item.refresh_from_db()
        assert (item.needed, item.state, item.dt_done is None) == (needed, state, state == ItemState.OPEN)


def test_ratings_of_users_who_took_their_consent_back_are_not_listed(client):
    item = build_item()
    Rating.objects.create(item=item, annotator=build_expert("ann"), overall=4, correction="고쳐 쓴 말이에요")
    client.force_login(build_user("chief", is_staff=True, is_superuser=True))
    page = reverse("admin:training_rating_change", args=[Rating.objects.get().pk])
    assert "고쳐 쓴 말이에요" in read_page(client, page)
    take_consent_back(item.user)
    assert "고쳐 쓴 말이에요" not in client.get(page, follow=True).content.decode()
