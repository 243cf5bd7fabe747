"""The product's own settings and those of the libraries it is made of. Documented in docs/settings.md."""

from mymary_site.env import build_database, build_redis_urls, read_env
from mymary_site.settings.base import REPOSITORY

import os

ENV = read_env(os.environ)

SECRET_KEY = ENV.get_secret_key()
DATABASES = {"default": build_database(ENV.get_database_url())}
REDIS_URLS = build_redis_urls(ENV.get_redis_url())
MARY_TOKEN_LOG_URL = REDIS_URLS.token_log

# --- The model and the worker -------------------------------------------------------------------------------
MARY_ENGINE = str(ENV.engine)
MARY_ENGINE_SLOTS = ENV.engine_slots
MARY_LM_PATH = ENV.lm_path
MARY_MODELS_FOLDER = ENV.var / "models"
MARY_ADAPTERS_FOLDER = REPOSITORY / "training" / "starter" / "adapters"
MARY_PUBLISHED_FOLDER = ENV.var / "adapters"
MARY_ADAPTER_BYTES = 67_108_864
MARY_RUNS_FOLDER = ENV.var / "runs"
MARY_SNAPSHOTS_FOLDER = ENV.var / "snapshots"
MARY_JUDGE = None  # or {"url": "https://…/v1", "model": "…", "key_variable": "…"}: a second opinion for the gate
MARY_PLANTED_CANARIES = ()  # {"prefix": "…", "secret": "…"}: what was planted in training data and must not come out
MARY_PROMPT_BUDGET_TOKENS = 3072
MARY_CONTEXT_TOKENS = 4096
MARY_PROMPTS_FOLDER = REPOSITORY / "chat" / "prompts"

# --- What is made of people's words outside the chat: see chat/derived.py ------------------------------------
MARY_DERIVED_DATA = "training.derived"

# --- What experts get to see ---------------------------------------------------------------------------------
MARY_REVIEW_SAMPLE_SHARE = 0.05  # of replies that nothing speaks against
MARY_REVIEW_OVERLAP_SHARE = 0.1  # of replies in the queue, which two experts look at instead of one

# --- An adapter that part of the users try first -------------------------------------------------------------
MARY_CANARY_REPLIES = 200
MARY_CANARY_FALSE_ALARM = 0.05
MARY_CANARY_SETTLE_SECONDS = 300

# --- Limits, each with a code that the user can read --------------------------------------------------------
MARY_SOCKETS_PER_USER = 8
MARY_FRAMES_PER_10_SECONDS = 60
MARY_MESSAGES_PER_MINUTE = 30
MARY_LIVE_REPLIES_PER_USER = 2
MARY_REPLIES_PER_DIALOG = 20
MARY_QUEUED_REPLIES_TOTAL = 200
MARY_FRAME_BYTES = 65_536
MARY_QUEUE_HOURS = 6

# --- How fast things are noticed when no nudge arrives, in seconds ------------------------------------------
MARY_ROOM_POLL_SECONDS = 2.0
MARY_SESSION_POLL_SECONDS = 4.0
MARY_TOKEN_LOG_SECONDS = 900

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            # The layer blocks for up to 5 s in one read; the socket's own time-out must be longer.
            "hosts": [{"address": REDIS_URLS.channel_layer, "socket_timeout": 15, "socket_connect_timeout": 1}],
            "prefix": "mary:layer",
            "group_expiry": 86_400,
        },
    }
}

CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_URLS.cache,
        "KEY_PREFIX": "mary:cache",
        # A cache that is away must not lock anybody out: rate limits open, and the log says so.
        "OPTIONS": {"IGNORE_EXCEPTIONS": True, "SOCKET_CONNECT_TIMEOUT": 1, "SOCKET_TIMEOUT": 2},
    }
}
DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True

# --- Celery -------------------------------------------------------------------------------------------------
MARY_RUN_HOURS = 24  # a training run or an evaluation that takes longer is ended
MARY_RUN_SPARE_SECONDS = 600  # for its end to be told, before Celery ends the task hard
MARY_DEAF_SECONDS = 60.0  # messages wait and none is received for so long: the worker is started anew
# Longer than the longest task, or Valkey hands that out again while it runs; the shortest of any app on a broker wins.
_VISIBILITY_SECONDS = MARY_RUN_HOURS * 3600 + 2 * MARY_RUN_SPARE_SECONDS
CELERY_BROKER_URL = REDIS_URLS.broker
CELERY_TASK_IGNORE_RESULT = True
CELERY_IMPORTS = ("mymary_site.deaf_worker",)  # by workers only
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 900
CELERY_TASK_ROUTES = {
    "training.tasks.advance_runs": {"queue": "training"},
    "training.tasks.advance_evaluations": {"queue": "training"},
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": _VISIBILITY_SECONDS, "global_keyprefix": "mary:celery:"}
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"visibility_timeout": _VISIBILITY_SECONDS}
CELERY_VISIBILITY_TIMEOUT = _VISIBILITY_SECONDS
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "Asia/Seoul"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_SCHEDULE = {
    "expire-replies": {"task": "chat.tasks.expire_replies", "schedule": 60.0},
    "judge-canaries": {"task": "chat.tasks.judge_canaries", "schedule": 60.0},
    # Stale after 20 s, seen within 15, rung and claimed at once: a run whose worker died goes on within a minute.
    "reconcile": {"task": "training.tasks.reconcile", "schedule": 15.0, "options": {"expires": 15}},
    "fill-queue": {"task": "training.tasks.fill_queue", "schedule": 300.0, "options": {"expires": 300}},
    "sweep-pairs": {"task": "training.tasks.sweep_pairs", "schedule": 300.0, "options": {"expires": 300}},
    "close-receipts": {"task": "training.tasks.close_receipts", "schedule": 3600.0, "options": {"expires": 3600}},
}

# --- Accounts -----------------------------------------------------------------------------------------------
ACCOUNT_USER_MODEL_USERNAME_FIELD = "login_id"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_FORMS = {"signup": "chat.accounts.forms.SignupForm", "add_email": "chat.accounts.forms.AddEmailForm"}
ACCOUNT_ADAPTER = "chat.accounts.adapter.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PRESERVE_USERNAME_CASING = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/300s/key", "signup": "20/m/ip"}
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "chat:home"
LOGOUT_REDIRECT_URL = "account_login"

# --- API ----------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.UserRateThrottle",
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.ScopedRateThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {"user": "240/min", "anon": "60/min", "token": "10/min", "export": "10/hour"},
    "NUM_PROXIES": 0,  # nobody is throttled by an address that they wrote themselves
    "EXCEPTION_HANDLER": "chat.api.errors.answer_error",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "MyMary API",
    "DESCRIPTION": "What the chat page shows, for programs. Talking itself goes over WebSocket: docs/protocol.md.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "chat.api.documents.describe_erase_body",
    ],
}
