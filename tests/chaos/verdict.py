"""Talkers and record → the promises that were broken. Pure: compares, touches nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from tests.chaos.record import StoredDialog, StoredReply
from tests.chaos.streams import Talker

FINAL = ("done", "stopped", "failed")


@dataclass
class Verdict:
    """Counts of what was looked at, and for each promise the cases that broke it."""

    looked_at: Counter[str] = field(default_factory=Counter)
    broken: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def is_clean(self) -> bool:
        return not any(self.broken.values())


def judge(talkers: list[Talker], dialogs: list[StoredDialog], replies: list[StoredReply]) -> Verdict:
    verdict = Verdict()
    rooms: defaultdict[str, list[StoredDialog]] = defaultdict(list)
    for dialog in dialogs:
        rooms[dialog.counsel_id].append(dialog)
    by_dialog: defaultdict[str, list[StoredReply]] = defaultdict(list)
    for reply in replies:
        by_dialog[reply.dialog_id].append(reply)
    for talker in talkers:
        stored = [dialog for dialog in rooms[talker.client.person.counsel_id] if dialog.client_msg_id]
        judge_messages(verdict, talker, stored)
        judge_answers(verdict, talker, stored, by_dialog)
        judge_transcripts(verdict, talker, {reply.reply_id: reply for reply in replies})
        verdict.broken["protocol"] += talker.client.violations
        verdict.broken["ended for every client"] += talker.complaints
    return verdict


def judge_messages(verdict: Verdict, talker: Talker, stored: list[StoredDialog]) -> None:
    """R1, the set test: accepted ⇒ stored exactly once; not accepted ⇒ at most once; none out of order."""
    counts = Counter((dialog.client_msg_id, dialog.text) for dialog in stored)
    for sending in talker.client.sendings:
        count = counts.pop((sending.client_msg_id, sending.text), 0)
        verdict.looked_at["accepted messages" if sending.is_accepted else "unanswered messages"] += 1
        if sending.is_accepted and count == 0:
            verdict.broken["no accepted message lost"].append(sending.text)
        if count > 1:
            verdict.broken["no message doubled"].append(sending.text)
    verdict.broken["no message doubled"] += [f"nobody sent {text}" for _, text in counts]
    sent_order = [sending.text for sending in talker.client.sendings]
    stored_order = [dialog.text for dialog in stored]
    if stored_order != [text for text in sent_order if text in set(stored_order)]:
        verdict.broken["no message out of order"].append(f"{stored_order}")


def judge_answers(
    verdict: Verdict, talker: Talker, stored: list[StoredDialog], by_dialog: dict[str, list[StoredReply]]
) -> None:
    """Every reply in one final state, and as many replies as were asked for."""
    for dialog in stored:
        answers = by_dialog[dialog.dialog_id]
        verdict.looked_at["replies"] += len(answers)
        verdict.looked_at.update(f"replies {reply.state}" for reply in answers)
        verdict.looked_at.update(f"failed with {reply.error_code}" for reply in answers if reply.error_code)
        verdict.looked_at["replies written anew"] += sum(reply.attempt > 1 for reply in answers)
        unended = [reply.reply_id for reply in answers if reply.state not in FINAL]
        verdict.broken["every reply ended"] += unended
        if len(answers) != 1 + talker.regenerated[dialog.dialog_id]:
            verdict.broken["one answer for each request"].append(f"{dialog.text}: {len(answers)} replies")


def judge_transcripts(verdict: Verdict, talker: Talker, replies: dict[str, StoredReply]) -> None:
    """What each client was shown equals what is stored, byte for byte."""
    for transcript in talker.client.transcripts.values():
        stored = replies.get(transcript.reply_id)
        verdict.looked_at["transcripts"] += 1
        verdict.looked_at["transcripts whole by deltas alone"] += bool(transcript.is_whole_by_deltas)
        shown = (transcript.state, transcript.text.encode())
        if stored is None or shown != (stored.state, stored.text.encode()):
            verdict.broken["transcript equals record"].append(transcript.reply_id)
