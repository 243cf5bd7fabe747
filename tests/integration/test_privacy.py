"""Take everything along, delete everything: proved by markers planted in every table that can hold a person."""

import json

import pytest
import redis
from allauth.account.models import EmailAddress
from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from rest_framework.authtoken.models import Token

from chat.accounts.erase import erase_account
from chat.accounts.export import export_account
from chat.models import EmotionLog, Feedback, Reply, User
from chat.rooms.delete import delete_counsel
from chat.token_log import log_key
from tests.builders import PASSWORD, build_reply, build_room, build_turn, build_user

MARK = "표식7391"

# Where a user's rows may lie, and where the export shows them. A new table that belongs to a user needs a line.
EXPORTED_AT = {
    "user": "profile",
    "account_emailaddress": "emails",
    "consent": "consents",
    "session": "sessions",
    "authtoken_token": "api_tokens",
    "django_admin_log": "staff_actions",
    "user_groups": "profile.groups",
    "user_user_permissions": "profile.is_staff (what staff may do is the operator's, not the person's)",
    "account_emailconfirmation": "emails (a key that was mailed)",
    "counsel": "rooms",
    "dialog": "rooms.dialogs",
    "reply": "rooms.dialogs.replies",
    "feedback": "rooms.dialogs.replies.feedback",
    "emotion_log": "rooms.emotions",
    "review_item": "derived.reviewed",
    "rating": "derived.reviewed (what experts said of an answer; their own words stay theirs)",
    "pair": "derived.reviewed.pairs",
    "pair_rating": "derived.reviewed.pairs",
    "raw_access": "derived.raw_accesses",
    "review_lease": "nothing: who of the staff has an item open at this moment",
    "review_skip": "nothing: which items a member of staff passed over",
}


def plant(user: User) -> dict[str, str]:
    """A marker of its own in every column that can hold the person's words; returns column → marker."""
    counsel = build_room(user)
    counsel.title = f"{MARK}-title"
    counsel.save()
    EmotionLog.objects.create(counsel=counsel, counsel_emotion=f"{MARK}-emotion")
    dialog = build_turn(
        counsel, f"{MARK}-message", dialog_emotion=f"{MARK}-dialog-emotion", past_dialog=f"{MARK}-past",
        change_dialog=f"{MARK}-change", crisis_kinds=[f"{MARK}-kind"],
    )  # fmt: skip
    kept = build_reply(dialog, f"{MARK}-sibling")
    build_reply(dialog, f"{MARK}-answer")
    Feedback.objects.create(user=user, reply=kept, value="up", reasons=["warm"], comment=f"{MARK}-comment")
    EmailAddress.objects.create(user=user, email=user.email, primary=True)
    planted = "title emotion message dialog-emotion past change kind sibling answer comment"
    return {column: f"{MARK}-{column}" for column in planted.split()}


def build_marked_user() -> User:
    return build_user("mark7391", name=f"{MARK}-name", email="mark7391@example.org")


def list_tables_of_a_user(model=User, seen=None) -> set[str]:
    """Every table whose rows a deletion of the user reaches."""
    seen = seen if seen is not None else {User._meta.db_table}
    for relation in [*model._meta.related_objects, *model._meta.many_to_many]:
        is_table = hasattr(relation, "on_delete") and getattr(relation.on_delete, "__name__", "") == "CASCADE"
        related = relation.related_model if is_table else getattr(relation.remote_field, "through", None)
        if related is not None and related._meta.db_table not in seen:
            seen.add(related._meta.db_table)
            list_tables_of_a_user(related, seen)
    return seen


def count_rows_with(text: str, *, besides: tuple[str, ...] = ()) -> dict[str, int]:
    """Tables in which any column of any row contains the text."""
    found = {}
    with connection.cursor() as cursor:
        for table in set(connection.introspection.table_names(cursor)) - set(besides):
            cursor.execute(f'SELECT count(*) FROM "{table}" AS row WHERE row::text LIKE %s', [f"%{text}%"])
            if count := cursor.fetchone()[0]:
                found[table] = count
    return found


@pytest.mark.django_db
def test_every_table_of_a_user_has_its_place_in_the_export():
    assert list_tables_of_a_user() == set(EXPORTED_AT)


@pytest.mark.django_db
def test_export_contains_every_marker(client):
    user = build_marked_user()
    markers = plant(user)
    client.force_login(user)
    answer = client.get("/api/v1/me/export/")
    missing = [name for name, marker in markers.items() if marker not in answer.content.decode()]
    assert missing == []
    assert "attachment" in answer.headers["Content-Disposition"]


@pytest.mark.django_db
def test_export_tells_of_profile_consents_sessions_and_tokens_without_their_secrets(client):
    user = build_marked_user()
    client.force_login(user)
    token = Token.objects.create(user=user)
    content = client.get("/api/v1/me/export/").content.decode()
    export = json.loads(content)
    assert export["profile"]["login_id"] == "mark7391"
    assert {consent["kind"] for consent in export["consents"]} == {"service", "sensitive"}
    assert (len(export["sessions"]), len(export["api_tokens"])) == (1, 1)
    assert not any(secret in content for secret in (token.key, user.password, client.session.session_key))


@pytest.mark.django_db
def test_everything_an_ai_said_is_marked_in_the_export():
    user = build_marked_user()
    plant(user)
    export = export_account(user)
    dialogs = export["rooms"][0]["dialogs"]
    assert all(dialog["ai_message"]["is_ai_generated"] for dialog in dialogs)
    assert all(reply["is_ai_generated"] for dialog in dialogs for reply in dialog["replies"])
    assert "인공지능" in export["ai_notice"]["ko"]


@pytest.mark.django_db
def test_export_shows_nobody_else(client):
    plant(build_marked_user())
    client.force_login(build_user("other1"))
    assert MARK not in client.get("/api/v1/me/export/").content.decode()


@pytest.mark.django_db
def test_export_asks_the_database_no_more_for_many_turns(django_assert_max_num_queries):
    user = build_user()
    for _ in range(3):
        counsel = build_room(user)
        for _ in range(5):
            build_reply(build_turn(counsel))
    with django_assert_max_num_queries(20):
        export_account(user)


@pytest.mark.django_db(transaction=True)
def test_erasing_leaves_no_row_in_any_table(client):
    user, staff = build_marked_user(), build_user("staff1", is_staff=True)
    plant(user)
    client.force_login(user)
    Token.objects.create(user=user)
    LogEntry.objects.create(
        user=staff, content_type=ContentType.objects.get_for_model(User), object_id=user.pk,
        object_repr=f"{MARK}-{user}", action_flag=CHANGE,
    )  # fmt: skip
    erase_account(User.objects.get(pk=user.pk))
    assert count_rows_with(MARK) == count_rows_with("mark7391") == {}
    assert count_rows_with(str(user.pk), besides=("django_admin_log",)) == {}


@pytest.mark.django_db
def test_the_markers_can_be_found_before_the_erasure():
    user = build_marked_user()
    plant(user)
    assert set(count_rows_with(MARK)) == {"user", "counsel", "dialog", "reply", "feedback", "emotion_log"}


@pytest.mark.django_db
def test_erasing_spares_everybody_else():
    user, other = build_marked_user(), build_user("other1")
    plant(user)
    build_reply(build_turn(build_room(other)))
    erase_account(user)
    assert User.objects.get() == other
    assert Reply.objects.count() == 1


@pytest.fixture
def token_logs():
    with redis.Redis.from_url(settings.MARY_TOKEN_LOG_URL) as client:
        yield client


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_whole_account", [True, False])
def test_token_logs_go_with_their_replies(token_logs, is_whole_account):
    user = build_user()
    counsel = build_room(user)
    reply = build_reply(build_turn(counsel), text="", state="running")
    token_logs.xadd(log_key(reply.pk), {"t": MARK})
    erase_account(user) if is_whole_account else delete_counsel(user.pk, counsel.pk)
    assert not token_logs.exists(log_key(reply.pk))


@pytest.mark.django_db(transaction=True)
def test_erasing_works_while_valkey_is_away(settings):
    user = build_user()
    build_reply(build_turn(build_room(user)))
    settings.MARY_TOKEN_LOG_URL = "redis://127.0.0.1:1/0"
    erase_account(user)
    assert not User.objects.exists()


@pytest.mark.django_db
def test_the_api_erases_only_with_the_right_password(client):
    client.force_login(build_user())
    refused = client.delete("/api/v1/me/", {"password": "아닌데요"}, content_type="application/json")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "wrong_password")
    assert client.delete("/api/v1/me/", {"password": PASSWORD}, content_type="application/json").status_code == 200
    assert not User.objects.exists()
    assert client.get("/api/v1/me/").status_code == 401


def test_no_model_of_ours_keeps_people_outside_the_reach_of_a_cascade():
    """A user id in a plain column would outlive its user."""
    loose = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_app_config("chat").get_models()
        for field in model._meta.get_fields()
        if field.name in ("user_id", "owner_id") and not field.is_relation
    ]
    assert loose == []
