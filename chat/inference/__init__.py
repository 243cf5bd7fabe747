"""The inference worker: claims replies, runs an engine, writes token logs. Knows nothing of browsers."""
