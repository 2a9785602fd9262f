"""The one door to markdown-it: headings with their lines, and text as HTML.

CommonMark without HTML, images and links that leave: what a company loads is shown to everybody, and
must not bring along anything that a page of ours would not say."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from markdown_it import MarkdownIt

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).disable(
    ["image", "link", "autolink", "html_block", "html_inline"]
)
_MARKDOWN.enable("table")


@dataclass(frozen=True)
class Heading:
    """`line` counts from 0 and `end` is the first line after it."""

    level: int
    text: str
    line: int
    end: int


def headings(text: str) -> list[Heading]:
    """In order; what looks like one inside a code block or a list is none."""
    tokens = _MARKDOWN.parse(text)
    return [
        Heading(int(token.tag[1:]), inline.content.strip(), token.map[0], token.map[1])
        for token, inline in itertools.pairwise(tokens)
        if token.type == "heading_open" and token.level == 0 and token.map
    ]


def html(text: str) -> str:
    """Markdown as HTML that holds nothing but text and its structure."""
    return str(_MARKDOWN.render(text))
