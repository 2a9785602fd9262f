"""A figure's way through the months as a little curve, drawn on the server: no script, and it prints.

Not here: what is drawn (queries/reports/glance.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

WIDTH, HEIGHT, EDGE = 240, 40, 4  # units of the drawing


@dataclass(frozen=True)
class Sparkline:
    """`runs`: the points of each unbroken piece, as SVG writes them; `last`: the newest point; `target`: how far
    down its line lies, None without one."""

    runs: list[str]
    last: tuple[float, float]
    target: float | None


def sparkline(values: Sequence[Any], target: Decimal | None = None) -> Sparkline | None:
    """None where fewer than two months tell anything: one point is no way."""
    known = [Decimal(value) for value in values if value is not None]
    if len(known) < 2:
        return None
    bounds = [*known, *([] if target is None else [target])]
    low, high = min(bounds), max(bounds)
    across = (WIDTH - 2 * EDGE) / (len(values) - 1)

    def down(value: Decimal) -> float:
        # What never changed runs through the middle.
        part = (high - value) / (high - low) if high > low else Decimal("0.5")
        return round(EDGE + float(part) * (HEIGHT - 2 * EDGE), 1)

    runs: list[list[tuple[float, float]]] = [[]]
    for place, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((round(EDGE + place * across, 1), down(Decimal(value))))
    drawn = [run for run in runs if run]
    return Sparkline(
        [" ".join(f"{x},{y}" for x, y in run) for run in drawn],
        drawn[-1][-1],
        None if target is None else down(target),
    )
