"""The `dialog` table: one turn of a room, the user's message and the answer that stands.

The first dialog of a room is the character's greeting: it has no user message and no replies.
"""

from __future__ import annotations

import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.models.counsels import Counsel


class Dialog(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="dialog_id")
    counsel = models.ForeignKey(Counsel, models.CASCADE, related_name="dialogs", verbose_name=_("상담방"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("사용자"))
    seq = models.PositiveIntegerField(_("차례"))
    version = models.BigIntegerField(_("판"))
    dt_dialog = models.DateTimeField(_("보낸 때"), default=timezone.now)
    client_msg_id = models.UUIDField(null=True, blank=True)
    u_message = models.TextField(blank=True)
    ai_message = models.TextField(blank=True)
    chosen_reply = models.ForeignKey(
        "chat.Reply", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("고른 답변")
    )
    dialog_emotion = models.CharField(max_length=30, blank=True)
    past_dialog = models.TextField(blank=True)
    change_dialog = models.TextField(blank=True)
    crisis_level = models.PositiveSmallIntegerField(default=0)
    crisis_kinds = models.JSONField(default=list, blank=True)

    class Meta:
        db_table = "dialog"
        verbose_name = _("대화")
        verbose_name_plural = _("대화")
        ordering = ("counsel", "seq")
        indexes = (
            models.Index(fields=["counsel", "version"], name="dialog_changed_since"),
            models.Index(fields=["user", "-dt_dialog"], name="dialog_rate_of_user"),
        )
        constraints = (
            models.UniqueConstraint(fields=["counsel", "seq"], name="dialog_seq_unique_in_counsel"),
            models.UniqueConstraint(fields=["user", "client_msg_id"], name="dialog_client_msg_id_unique_for_user"),
            models.CheckConstraint(name="dialog_crisis_level_known", condition=models.Q(crisis_level__lte=4)),
        )
        triggers = (
            pgtrigger.Trigger(
                name="counsel_ended_takes_no_dialog",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func="""
                IF EXISTS (SELECT 1 FROM counsel WHERE counsel_id = NEW.counsel_id AND dt_end IS NOT NULL) THEN
                    RAISE EXCEPTION 'counsel % has ended and takes no messages', NEW.counsel_id
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'counsel_ended_takes_no_dialog';
                END IF;
                RETURN NEW;
                """,
            ),
        )

    def __str__(self) -> str:
        return f"{self.counsel_id}#{self.seq}"
