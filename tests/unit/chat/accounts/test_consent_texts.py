"""The consent texts as files: complete in both languages, of one version, and unaltered unless re-versioned."""

import pytest

from chat.accounts.consents import TEXTS_FOLDER, get_consent_text
from chat.models import ConsentKind

LANGUAGES = ("ko", "en")


def test_every_kind_has_a_text_in_both_languages_and_nothing_else_lies_there():
    expected = {f"{kind}.{language}.md" for kind in ConsentKind for language in LANGUAGES}
    assert {path.name for path in TEXTS_FOLDER.iterdir()} == expected


@pytest.mark.parametrize("kind", ConsentKind)
def test_both_languages_carry_the_same_version(kind):
    korean, english = (get_consent_text(kind, language) for language in LANGUAGES)
    assert korean.version == english.version
    assert len(korean.version) <= 20
    assert korean.sha256 != english.sha256


@pytest.mark.parametrize("kind", ConsentKind)
def test_each_text_says_what_why_how_long_and_that_one_may_refuse(kind):
    korean, english = (get_consent_text(kind, language).body for language in LANGUAGES)
    assert all(word in korean for word in ("**무엇을**", "왜**", "언제까지**", "거부하실 수 있어요"))
    assert all(word in english for word in ("**What**", "hy**", "ow long**", "You may refuse"))
