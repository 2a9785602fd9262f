"""The texts of a form and their languages.

What the file says is Simplified Chinese; a component's custom properties hold the others
(`name_en`, `name_zh_hant`, `description_en`, `text_en` …), options and columns carry
`label_en` and `label_zh_hant` beside their label.

Not here: choosing a language for a reader (present.py)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from runtime.forms.findings import Findings

# Where a text of the schema stands → the custom property that holds its translations.
TEXTS = {
    ("label",): "name",
    ("dateLabel",): "name",
    ("timeLabel",): "time_name",
    ("description",): "description",
    ("text",): "text",
    ("appearance", "prefixAdorner"): "prefix",
    ("appearance", "suffixAdorner"): "suffix",
    ("validate", "patternErrorMessage"): "pattern_message",
}
LANGUAGES = {"en": "_en", "zh_Hant": "_zh_hant"}

_TAG = re.compile(r"<[a-zA-Z/!?]")
_SCHEME = re.compile(r"(?i)(?:javascript|data|vbscript)\s*:")
_TEMPLATE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_CONTROL = re.compile(r"\s*(?:[#/](?:if|loop|else)?)\s*|\s*else\s*")


def names_of(
    texts: Mapping[str, Any], base: str, translations: Mapping[str, Any], stem: str
) -> dict[str, str]:
    """A text's languages: `base` in `texts`, the others in `translations` as stem_en, stem_zh_hant."""
    found = {language: translations.get(stem + tail) for language, tail in LANGUAGES.items()}
    found["zh_Hans"] = texts.get(base)
    return {language: text for language, text in found.items() if isinstance(text, str) and text}


def check_texts(item: Mapping[str, Any], findings: Findings) -> dict[str, str]:
    """Check every text in every language; the names of the component itself."""
    properties = item.get("properties", {})
    for name, value in properties.items():
        if not isinstance(value, str):
            findings.add("form.not_text", "{name} must be text.", item, name=name)
    names: dict[str, str] = {}
    for place, stem in TEXTS.items():
        holder = item if len(place) == 1 else item.get(place[0], {})
        if not isinstance(holder.get(place[-1], ""), str):
            findings.add("form.not_text", "{name} must be text.", item, name=place[-1])
            continue
        found = names_of(holder, place[-1], properties, stem)
        for text in found.values():
            if place == ("text",):
                _check_markdown(text, item, findings)
            else:
                check_label(text, item, findings)
        if stem == "name":
            names |= found
    return names


def check_label(text: str, item: Mapping[str, Any], findings: Findings) -> None:
    """A label is plain text: as a template it would be evaluated in every reader's browser."""
    if "{{" in text or text.lstrip().startswith("="):
        findings.add("form.template_in_label", "Labels are plain text, without = and braces.", item)


def _check_markdown(text: str, item: Mapping[str, Any], findings: Findings) -> None:
    """A text component's Markdown: templates may show data, HTML and scripts have no place."""
    if _TAG.search(text) or _SCHEME.search(re.sub(r"[\s\x00-\x1f]", "", text)):
        findings.add("form.html", "HTML and script links are not accepted in a text.", item)
    if text.lstrip().startswith("="):
        findings.feel(text.lstrip(), item)
    for hole in _TEMPLATE.findall(text):
        inside = re.sub(r"^\s*#(if|loop)\s", "", hole)
        if not _CONTROL.fullmatch(inside):
            findings.feel(inside.removeprefix("="), item)
