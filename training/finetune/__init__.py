"""The trainer: pure machine learning, no Django. Its whole interface is a run folder (docs/training.md)."""
