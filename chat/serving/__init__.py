"""How an adapter becomes a character's voice without dropping a stream: register, publish, verify, judge, roll back.

A name `name@digest` means the same bytes for ever. Nothing serves that was not verified by every worker, running
replies finish on what they began with, and whatever is refused leaves the voice that is live as it was.
"""
