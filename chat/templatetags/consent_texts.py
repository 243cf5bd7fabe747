"""`{{ text.body|as_markdown }}`: our own texts (chat/consent_texts/) as HTML. Raw HTML in them stays text."""

from __future__ import annotations

import nh3
from django import template
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

register = template.Library()
_markdown = MarkdownIt("commonmark", {"html": False})


@register.filter
def as_markdown(text: str) -> SafeString:
    return mark_safe(nh3.clean(_markdown.render(text)))  # noqa: S308 — sanitised by nh3
