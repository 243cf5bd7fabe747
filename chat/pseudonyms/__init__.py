"""Pseudonyms for what identifies people: text in, placeholders such as [이름1] out.

mask (one conversation) → detect (libraries, patterns, names; less what is protected) → spans over a plain reading.
Pure: no Django, no service. It is an aid; docs/decisions/pseudonyms.md says what it does not catch.
"""
