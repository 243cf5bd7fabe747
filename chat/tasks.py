"""Celery tasks: each calls one flow. Flows never import tasks."""

from celery import shared_task

from chat.replies.expire import expire_queued_replies
from chat.serving import canary


@shared_task(name="chat.tasks.expire_replies")
def expire_replies() -> int:
    return expire_queued_replies()


@shared_task(name="chat.tasks.judge_canaries")
def judge_canaries() -> int:
    return canary.judge_canaries()
