"""PUT and DELETE replies/{id}/feedback/: a thumb on a reply."""

from __future__ import annotations

from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chat.api import shapes
from chat.api.base import ApiView, get_user
from chat.api.documented import documented
from chat.api.payloads import dump_feedback
from chat.models import Feedback, FeedbackReason
from chat.rooms.feedback import give_feedback, withdraw_feedback


class NewFeedback(serializers.Serializer[object]):
    value = serializers.ChoiceField(choices=Feedback.Value.choices)
    reasons = serializers.ListField(
        child=serializers.ChoiceField(choices=FeedbackReason.choices), default=list, max_length=len(FeedbackReason)
    )
    comment = serializers.CharField(default="", allow_blank=True, max_length=1000, trim_whitespace=False)


class ReplyFeedback(ApiView):
    @documented({200: shapes.FeedbackShape}, body=NewFeedback, operation_id="give_feedback")
    def put(self, request: Request, reply_id: UUID) -> Response:
        """A second feedback replaces the first. The comment is stored as given."""
        given = NewFeedback(data=request.data)
        given.is_valid(raise_exception=True)
        feedback = give_feedback(get_user(request).pk, reply_id, **given.validated_data)
        return Response(dump_feedback(feedback))

    @documented({204: None}, operation_id="withdraw_feedback")
    def delete(self, request: Request, reply_id: UUID) -> Response:
        withdraw_feedback(get_user(request).pk, reply_id)
        return Response(status=204)
