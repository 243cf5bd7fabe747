"""Rows, constraints and named queries, one subject a file. State changes live in the flow modules, not here.

Import models from here; files below import only from files that stand earlier in this list.
"""

from chat.models.adapters import Adapter
from chat.models.characters import Character
from chat.models.consents import REQUIRED_TO_CHAT, Consent, ConsentKind, granted_kinds
from chat.models.counsels import Counsel
from chat.models.dialogs import Dialog
from chat.models.emotion_logs import EmotionLog
from chat.models.feedback import Feedback, FeedbackReason
from chat.models.inference_workers import InferenceWorker
from chat.models.releases import LARGEST_CANARY_PERCENT, SHIPPED, Release, ReleaseState
from chat.models.replies import FINAL_STATES, LIVE_STATES, Reply, ReplyState
from chat.models.sessions import Session
from chat.models.users import User

__all__ = [
    "FINAL_STATES",
    "LARGEST_CANARY_PERCENT",
    "LIVE_STATES",
    "REQUIRED_TO_CHAT",
    "SHIPPED",
    "Adapter",
    "Character",
    "Consent",
    "ConsentKind",
    "Counsel",
    "Dialog",
    "EmotionLog",
    "Feedback",
    "FeedbackReason",
    "InferenceWorker",
    "Release",
    "ReleaseState",
    "Reply",
    "ReplyState",
    "Session",
    "User",
    "granted_kinds",
]
