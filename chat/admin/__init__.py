"""Django admin for staff. No page here shows what a user wrote or was told: ids, states and timings only."""

from chat.admin import adapters, characters, libraries, people, records, releases, site

__all__ = ["adapters", "characters", "libraries", "people", "records", "releases", "site"]
