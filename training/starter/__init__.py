"""Conversations written for this project, and the adapters that were trained on them (docs/starter-adapters.md)."""
