"""What answers look like, for the OpenAPI document only. `payloads` builds them; a fuzz test compares the two."""

from __future__ import annotations

from rest_framework import serializers

from chat.models import ConsentKind, Feedback, FeedbackReason, ReplyState, User


class Words(serializers.Serializer[object]):
    ko = serializers.CharField()
    en = serializers.CharField()


class Problem(serializers.Serializer[object]):
    code = serializers.CharField()
    message = Words()


class ProblemWithFields(Problem):
    fields_ = serializers.DictField(child=Problem(many=True), required=False)

    def get_fields(self) -> dict[str, serializers.Field]:  # type: ignore[type-arg]
        """`fields` is a property of serializers, so the key is put in here."""
        fields = super().get_fields()
        fields["fields"] = fields.pop("fields_")
        return fields


class Error(serializers.Serializer[object]):
    error = ProblemWithFields()


class ErasedShape(serializers.Serializer[object]):
    receipt_url = serializers.CharField(allow_blank=True)


class CharacterName(serializers.Serializer[object]):
    id = serializers.UUIDField()
    key = serializers.CharField()
    name = serializers.CharField()
    portrait_url = serializers.CharField()


class CharacterShape(CharacterName):
    introduction = serializers.CharField()


class CounselShape(serializers.Serializer[object]):
    id = serializers.UUIDField()
    character = CharacterName()
    title = serializers.CharField(allow_blank=True)
    dt_start = serializers.DateTimeField()
    dt_end = serializers.DateTimeField(allow_null=True)
    dt_changed = serializers.DateTimeField()
    version = serializers.IntegerField()
    preview = serializers.CharField(allow_blank=True, help_text="At most 80 characters of the newest text.")


class FeedbackShape(serializers.Serializer[object]):
    value = serializers.ChoiceField(choices=Feedback.Value.choices)
    reasons = serializers.ListField(child=serializers.ChoiceField(choices=FeedbackReason.choices))
    comment = serializers.CharField(allow_blank=True)


class ReplyShape(serializers.Serializer[object]):
    id = serializers.UUIDField()
    number = serializers.IntegerField()
    state = serializers.ChoiceField(choices=ReplyState.choices)
    attempt = serializers.IntegerField()
    text = serializers.CharField(allow_blank=True, help_text="Empty while the reply is queued or running.")
    error = Problem(allow_null=True)
    adapter = serializers.CharField(allow_blank=True)
    lm = serializers.CharField(allow_blank=True)
    dt_queued = serializers.DateTimeField()
    dt_finished = serializers.DateTimeField(allow_null=True)
    feedback = FeedbackShape(allow_null=True)


class CrisisLine(serializers.Serializer[object]):
    number = serializers.CharField()
    name = Words()
    hours = Words()
    tel = serializers.CharField()
    sms = serializers.CharField(allow_null=True)


class CrisisCard(serializers.Serializer[object]):
    code = serializers.CharField()
    title = Words()
    body = Words()
    lines = CrisisLine(many=True)


class Crisis(serializers.Serializer[object]):
    level = serializers.IntegerField()
    card = CrisisCard()


class DialogShape(serializers.Serializer[object]):
    id = serializers.UUIDField()
    counsel_id = serializers.UUIDField()
    seq = serializers.IntegerField()
    version = serializers.IntegerField()
    dt_dialog = serializers.DateTimeField()
    client_msg_id = serializers.UUIDField(allow_null=True)
    u_message = serializers.CharField(allow_blank=True)
    ai_message = serializers.CharField(allow_blank=True)
    chosen_reply_id = serializers.UUIDField(allow_null=True)
    crisis = Crisis(allow_null=True)
    replies = ReplyShape(many=True)


class DialogPage(serializers.Serializer[object]):
    version = serializers.IntegerField()
    has_more = serializers.BooleanField()
    dialogs = DialogShape(many=True)


class MeShape(serializers.Serializer[object]):
    id = serializers.UUIDField()
    login_id = serializers.CharField()
    name = serializers.CharField()
    dt_birth = serializers.DateField()
    gender = serializers.ChoiceField(choices=User.Gender.choices)
    language = serializers.ChoiceField(choices=User.Language.choices)
    email = serializers.CharField(allow_blank=True)
    dt_joined = serializers.DateTimeField()
    may_chat = serializers.BooleanField(help_text="Both consents that chatting needs are given.")


class ConsentShape(serializers.Serializer[object]):
    kind = serializers.ChoiceField(choices=ConsentKind.choices)
    is_required_to_chat = serializers.BooleanField()
    is_granted = serializers.BooleanField()
    dt_decided = serializers.DateTimeField(allow_null=True)
    text_version = serializers.CharField(allow_null=True, help_text="The text that the newest decision was about.")
    current_text_version = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField(help_text="Markdown.")


class TokenShape(serializers.Serializer[object]):
    token = serializers.CharField()
