"""Engines behind one interface (chat.inference.engine): llamacpp for CPUs, fake for tests and chaos."""
