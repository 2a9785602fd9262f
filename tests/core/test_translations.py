"""Every sentence that a person may be shown is there in all three languages."""

from __future__ import annotations

import re

import pytest

from runtime import i18n
from tests.core import sentences

SENTENCES = sentences.of_python() | sentences.of_templates()
CHINESE = ("zh_Hans", "zh_Hant")


def holes(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("language", CHINESE)
def test_every_sentence_is_translated(language: str) -> None:
    known = i18n.catalogue(language)
    missing = {text: where for text, where in SENTENCES.items() if text not in known}
    assert not missing, "\n".join(f"{where}: {text}" for text, where in sorted(missing.items()))


@pytest.mark.parametrize("language", CHINESE)
def test_a_translation_has_the_same_holes_as_its_sentence(language: str) -> None:
    wrong = {text: told for text, told in i18n.catalogue(language).items() if holes(text) != holes(told)}
    assert not wrong


def test_sentences_are_found_where_they_stand() -> None:
    # If the search went blind, the tests above could not fail.
    assert "Someone completed this task first. Nothing was done twice." in SENTENCES
    assert len(SENTENCES) > 100
