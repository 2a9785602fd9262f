"""Sentences in the reader's language.

English is written in the code and is the key; `translations/LANGUAGE/*.po` hold
Simplified and Traditional Chinese, one file an area. What has no translation falls
back: zh_Hant → zh_Hans → English; a label: asked language → `name` (Simplified) → id."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po

from runtime.errors import fill

LANGUAGES = {"en": "English", "zh_Hans": "简体中文", "zh_Hant": "繁體中文"}
DEFAULT = "zh_Hans"
_FOLDER = Path(__file__).parent / "translations"
_FALLBACK = {"zh_Hant": "zh_Hans"}


@cache
def catalogue(language: str) -> dict[str, str]:
    """Every translated sentence of a language, by its English."""
    sentences: dict[str, str] = {}
    for path in sorted((_FOLDER / language).glob("*.po")):
        with path.open("rb") as source:
            sentences |= {str(m.id): str(m.string) for m in read_po(source) if m.id and m.string}
    return sentences


def say(language: str, sentence: str, /, **params: Any) -> str:
    """`sentence` (English) in `language`, its `{parameters}` filled in; one may itself be called language.

    Parameters are inserted as text and never evaluated."""
    asked: str | None = language
    text = sentence
    while asked and asked != "en":
        found = catalogue(asked).get(sentence)
        if found:
            text = found
            break
        asked = _FALLBACK.get(asked)
    return fill(text, params)


def comma(language: str) -> str:
    """What parts the members of an enumeration."""
    return ", " if language == "en" else "、"


def colon(language: str) -> str:
    """What stands between a word and what it is of."""
    return ": " if language == "en" else "："


def label(language: str, names: dict[str, str], fallback: str = "") -> str:
    """A diagram's, form's or rule's name: `names` maps language to text."""
    asked: str | None = language
    while asked:
        if names.get(asked):
            return names[asked]
        asked = _FALLBACK.get(asked)
    return names.get("zh_Hans") or names.get("en") or fallback
