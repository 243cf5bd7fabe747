"""How a reply reads once the language model has spoken: filters over streamed text, none of which knows Django."""
