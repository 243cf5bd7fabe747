"""`python -m benchmarks.pairs [RATINGS …]`: rebuilding all pairs from so many ratings: seconds, and the peak of memory.

Each size is measured in a process of its own over a database of its own; the rooms have eight rated turns with two
answers each, every fourth rating a correction, every fourth a choice.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any, Final

from benchmarks.results import write_result

SIZES: Final = (10_000, 100_000, 1_000_000)
TURNS: Final = 8
PACKAGES: Final = ("django", "psycopg", "ko-pii", "maskingtape")

FILL: Final = """
INSERT INTO counsel (counsel_id, character_id, user_id, title, dt_start, dt_changed, version)
SELECT md5('room' || r)::uuid, %(character)s, md5('user' || r %% %(users)s)::uuid, '', now(), now(), 1
FROM generate_series(0, %(rooms)s - 1) r;
INSERT INTO dialog (dialog_id, counsel_id, user_id, seq, version, dt_dialog, u_message, ai_message, dialog_emotion,
    past_dialog, change_dialog, crisis_level, crisis_kinds, chosen_reply_id)
SELECT md5('dialog' || r || '/' || t)::uuid, md5('room' || r)::uuid, md5('user' || r %% %(users)s)::uuid, t, t, now(),
    '오늘은 ' || r || '번째 날인데 ' || t || '시부터 일이 손에 안 잡혀서 하루 종일 앉아만 있었어요.', '', '', '', '', 0,
    '[]', NULL
FROM generate_series(0, %(rooms)s - 1) r, generate_series(1, %(turns)s) t;
INSERT INTO reply (reply_id, dialog_id, number, state, text, error_code, dt_queued, dt_finished, attempt, worker,
    engine, lm, adapter, prompt_version, sampling)
SELECT md5('reply' || r || '/' || t || '/' || n)::uuid, md5('dialog' || r || '/' || t)::uuid, n, 'done',
    '손에 잡히지 않는 하루가 길었겠어요. ' || r || '번째 날에는 무엇이 마음에 걸렸나요? ' || n, '', now(), now(),
    1, '', '', '', '', '', '{}'
FROM generate_series(0, %(rooms)s - 1) r, generate_series(1, %(turns)s) t, generate_series(1, 2) n;
UPDATE dialog SET chosen_reply_id = reply_id FROM reply WHERE reply.dialog_id = dialog.dialog_id AND number = 1;
INSERT INTO review_item (review_item_id, reply_id, user_id, reasons, priority, needs_clinical, needed, state, dt_queued,
    dt_done)
SELECT md5('item' || r || '/' || t)::uuid, md5('reply' || r || '/' || t || '/1')::uuid,
    md5('user' || r %% %(users)s)::uuid, '{good_sample}', 0, false, 1, 'done', now(), now()
FROM generate_series(0, %(rooms)s - 1) r, generate_series(1, %(turns)s) t;
INSERT INTO rating (rating_id, item_id, annotator_id, overall, scores, reasons, correction, preferred_reply_id,
    shown_reply_ids, is_both_bad, comment, is_authoritative, is_clinical, seconds, version, dt_rated)
SELECT md5('rating' || r || '/' || t)::uuid, md5('item' || r || '/' || t)::uuid, %(expert)s, 1 + (r + t) %% 10, '{}',
    '{}',
    CASE WHEN t %% 4 = 1 THEN '하루 종일 앉아만 있었다니 답답했겠어요. ' || r || '번째 날은 어땠나요?' ELSE '' END,
    CASE WHEN t %% 4 = 2 THEN md5('reply' || r || '/' || t || '/2')::uuid END,
    ARRAY[md5('reply' || r || '/' || t || '/1')::uuid, md5('reply' || r || '/' || t || '/2')::uuid],
    false, '', false, false, 30, 1, now()
FROM generate_series(0, %(rooms)s - 1) r, generate_series(1, %(turns)s) t;
ANALYZE;
"""


def measure(ratings: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "mymary_site.stack", "services", "--", sys.executable, "-m", "benchmarks.pairs"]
    done = subprocess.run([*command, "--one", str(ratings)], stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def measure_here(ratings: int) -> dict[str, Any]:
    import os
    import resource

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mymary_site.settings.dev")
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from training.cycle.pair import sweep_pairs
    from training.models import Pair

    call_command("migrate", verbosity=0)
    rooms = ratings // TURNS
    with connection.cursor() as cursor:
        cursor.execute(FILL, make_people(rooms // 4 or 1) | {"rooms": rooms, "turns": TURNS})
    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.monotonic()
    sweep_pairs()
    seconds = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    if not Pair.objects.exists():
        raise SystemExit("no pair came of the ratings: what is measured is not what it should be")
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "ratings": rooms * TURNS,
        "pairs": Pair.objects.count(),
        "seconds": round(seconds, 1),
        "processor_seconds": round(processor, 1),
        "ms_per_rating": round(1000 * seconds / (rooms * TURNS), 3),
        "peak_mib_before": before.ru_maxrss // 1024,
        "peak_mib_after": after.ru_maxrss // 1024,
    }


def make_people(users: int) -> dict[str, Any]:
    """`users` who consent to everything, one expert, one character."""
    from django.core.management import call_command
    from django.db import connection

    from chat.models import Character, User

    call_command("seed", "--no-demo", verbosity=0)
    character = Character.objects.order_by("position").first()
    assert character is not None
    expert = User.objects.create_user("expert", dt_birth="1990-01-01", name="전문가", is_staff=True)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO "user" (user_id, login_id, password, name, dt_birth, gender, language, email, is_active,
                is_staff, is_superuser, dt_joined)
            SELECT md5('user' || u)::uuid, 'user-' || u, '!', '손님', '1990-01-01', 'undisclosed', 'ko', '', true,
                false, false, now() FROM generate_series(0, %(users)s - 1) u;
            INSERT INTO consent (consent_id, user_id, kind, is_granted, text_version, text_sha256, dt_decided)
            SELECT gen_random_uuid(), md5('user' || u)::uuid, kind, true, '', '', now()
            FROM generate_series(0, %(users)s - 1) u,
                unnest(ARRAY['service', 'sensitive', 'human_review', 'training']) kind;
            """,
            {"users": users},
        )
    return {"character": character.pk, "expert": expert.pk, "users": users}


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measure_here(int(sys.argv[2]))))
        return
    sizes = [int(text) for text in sys.argv[1:]] or SIZES
    rows = []
    for size in sizes:
        rows.append(measure(size))
        print(rows[-1], flush=True)
    write_result("pairs", {"turns_a_room": TURNS, "sizes": rows}, PACKAGES)


if __name__ == "__main__":
    main()
