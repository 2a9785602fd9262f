"""How a story is told: when it begins, and what all of them take from.

Each story begins a case as a person would, goes on until its exception, and leaves it there. Not here: the
stories (the other rooms)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runtime import values
from runtime.commands import files
from runtime.demo.department import Department
from runtime.workbooks import write

Story = tuple[int, Callable[[Department], None]]  # workdays before the end, and what begins it
STORIES: list[Story] = []
SKU = "LJ-M60-295"


def story(workdays: int) -> Callable[[Callable[[Department], None]], Callable[[Department], None]]:
    """Begun so many workdays before the end, so that what takes its time is there."""

    def register(begin: Callable[[Department], None]) -> Callable[[Department], None]:
        STORIES.append((workdays, begin))
        return begin

    return register


def fullest(house: Department, *, alone: bool = False) -> str:
    """The component of which most lies free in Shanghai, so that no date finds its shelf empty. `alone`: no other
    story takes from it afterwards."""
    kept = house.memory.spoken_for
    free = {sku: left for (sku, place), (_, left) in house.shelves().items() if place == "SH" and sku not in kept}
    sku = max(free, key=lambda of: (free[of], of))
    if alone:
        kept.add(sku)
    return sku


def workbook(house: Department, username: str, **sheets: list[list[str]]) -> Any:
    """A file that somebody uploads, as a form sends it."""
    content = write.workbook([write.Written(name, rows) for name, rows in sheets.items()])
    file = house.runtime.do(files.store, house.actor(username), "旧系统.xlsx", write.MEDIA_TYPE, content)
    return values.to_json(file)
