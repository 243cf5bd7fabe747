"""The life of a reply, one verb a file: accept, claim, finish, and what may happen between."""
