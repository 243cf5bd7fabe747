"""Django admin for staff. No page here shows what a user wrote or was told: ids, states and timings only."""

from chat.admin import characters, people, records, site

__all__ = ["characters", "people", "records", "site"]
