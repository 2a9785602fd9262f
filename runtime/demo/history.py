"""Demand history made up by a seeded generator: the same component and days give the same figures.

X is steady (Poisson), Y seasonal and uneven (negative binomial), Z rare and in lots.
Projects connect before 30 June and 31 December, so demand peaks before them."""

from __future__ import annotations

import datetime as dt
import math
import random
from decimal import Decimal

PEAKS = ((6, 30), (12, 31))
PEAK_DAYS, PEAK_HEIGHT = 45, 0.8  # days before, and by how much of the usual it has risen on the last
WEEKEND = 0.35  # of a working day's demand


def series(sku: str, pattern: str, base: Decimal, first_day: dt.date, days: int) -> list[int]:
    """Pieces wanted on each of `days` days. `base`: pieces a day on average, without seasons."""
    rnd = random.Random(f"{sku}/{first_day}")
    draw = {"X": _steady, "Y": _seasonal, "Z": _rare}[pattern]
    return [
        draw(rnd, float(base) * season(first_day + dt.timedelta(days=number), pattern))
        for number in range(days)
    ]


def season(day: dt.date, pattern: str) -> float:
    factor = WEEKEND if day.weekday() >= 5 else (7 - 2 * WEEKEND) / 5
    strength = {"X": 0.3, "Y": 1.0, "Z": 0.0}[pattern]
    for month, last in PEAKS:
        left = (dt.date(day.year, month, last) - day).days
        if 0 <= left < PEAK_DAYS:
            factor *= 1 + strength * PEAK_HEIGHT * (1 - left / PEAK_DAYS)
    return factor


def _steady(rnd: random.Random, mean: float) -> int:
    return _poisson(rnd, mean)


def _seasonal(rnd: random.Random, mean: float) -> int:
    # A Poisson whose mean is itself uneven is a negative binomial.
    return _poisson(rnd, rnd.gammavariate(3.0, mean / 3.0))


def _rare(rnd: random.Random, mean: float) -> int:
    return 1 + _poisson(rnd, 11) if rnd.random() < mean / 12 else 0


def _poisson(rnd: random.Random, mean: float) -> int:
    """Knuth's method; means here are small."""
    limit, product, count = math.exp(-mean), rnd.random(), 0
    while product > limit:
        product *= rnd.random()
        count += 1
    return count
