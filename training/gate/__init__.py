"""Whether a candidate adapter may go live: measured beside the live one, in a process of its own, without Django.

    folder → weights → replies → likelihood → judge → checks → verdict

What measures hands over `measured.py`; checks, bars and verdict are pure and decide by the written bars alone.
Whatever is missing fails.
"""
