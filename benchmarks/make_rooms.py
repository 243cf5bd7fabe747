"""`python -m benchmarks.make_rooms KEY MAX_TOKENS COUNT`: a benchmark character and so many users with one room each.

Runs beside a stack, with its DATABASE_URL; prints the users as JSON.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import django

django.setup()

from benchmarks.workload import GREETING, PERSONA_FILE, Character  # noqa: E402
from chat.models import Character as CharacterRow  # noqa: E402
from chat.models.characters import MINIMUM_GREETINGS  # noqa: E402
from tests.stack_people import make_person, name_people  # noqa: E402


def make_character(character: Character) -> CharacterRow:
    words = {"character_name": "모래시계", "character_name_en": "Hourglass", "introduction": "시간을 재요."}
    return CharacterRow.objects.create(
        **words,
        **asdict(character),
        introduction_en="Measures time.",
        character_model="gemma-3-270m",
        portrait="",
        greetings=[GREETING] * MINIMUM_GREETINGS,
        persona_file=PERSONA_FILE,
    )


def main(key: str, max_tokens: int, count: int) -> None:
    character = make_character(Character(key, max_tokens))
    json.dump([make_person(login_id, "", character) for login_id in name_people(count)], sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
