"""The Django project: settings, entry points, and the launcher."""
