"""The few line icons, drawn here: 20×20, one stroke width, the colour of the text.

They decorate words and never stand alone, so they are hidden from screen readers."""

from __future__ import annotations

from markupsafe import Markup

_PATHS = {
    "inbox": "M3 11h4l1.5 2.5h3L13 11h4M3 11l2-7h10l2 7v5H3z",
    "start": "M10 4v12M4 10h12",
    "stock": "M3 7l7-4 7 4v7l-7 4-7-4zM3 7l7 4 7-4M10 11v7",
    "handbook": "M10 6C8 4.500 6 4 3 4v11c3 0 5 .5 7 2 2-1.500 4-2 7-2V4c-3 0-5 .5-7 2zM10 6v11",
    "report": "M4 16V4M4 16h13M8 13V9M11.500 13V6M15 13v-3",
    "rules": "M4 4h12v12H4zM4 8.5h12M9 8.5V16",
    "person": "M10 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM4 17c.6-3.2 3-5 6-5s5.400 1.800 6 5",
    "back": "M12 4l-6 6 6 6",
    "file": "M5 3h7l4 4v10H5zM12 3v4h4",
    "warning": "M10 3l8 14H2zM10 8v4M10 14.500v.5",
    "check": "M4 10.500l4 4 8-9",
    "clock": "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM10 6v4l3 2",
    "search": "M9 4a5 5 0 1 0 0 10A5 5 0 0 0 9 4zM12.500 12.500L17 17",
    "bell": "M10 3a4 4 0 0 0-4 4c0 4-2 5-2 7h12c0-2-2-3-2-7a4 4 0 0 0-4-4zM8.500 16.500a1.500 1.500 0 0 0 3 0",
    "more": "M5 8l5 5 5-5",
}


def icon(name: str) -> Markup:
    return Markup(
        '<svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">'
        '<path d="{}"/></svg>'
    ).format(_PATHS[name])
