"""`python -m mymary_site.stack.prepare_database`: migrations and seed in one process, so Django starts once for both.

The only module here that imports Django, and it never runs inside the launcher.
"""

import django
from django.core.management import call_command


def prepare_database() -> None:
    django.setup()
    call_command("migrate", no_color=True)
    call_command("seed", no_color=True)


if __name__ == "__main__":
    prepare_database()
