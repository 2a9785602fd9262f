"""Values from outside: what tagged JSON of others may say, and what of it is refused with its place."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

from runtime import values
from runtime.values import File, NotAValue

FILE = {"sha256": "a" * 64, "name": "a.txt", "media_type": "text/plain", "size": 3}


@pytest.mark.parametrize(
    ("told", "value"),
    [
        ({"$decimal": "12.50"}, Decimal("12.50")),
        (Decimal("0.1"), Decimal("0.1")),
        ({"$integer": "9" * 30}, int("9" * 30)),
        ({"$date": "2026-03-09"}, dt.date(2026, 3, 9)),
        ({"$datetime": "2026-03-09T01:00:00Z"}, dt.datetime(2026, 3, 9, 1, tzinfo=dt.UTC)),
        ({"$duration": "P3D"}, dt.timedelta(days=3)),
        ({"$file": FILE}, File(**FILE)),
        ({"$map": {"$decimal": "no number"}}, {"$decimal": "no number"}),
        ({"a": [1, {"b": {"$decimal": "1"}}], "c": None}, {"a": [1, {"b": Decimal(1)}], "c": None}),
    ],
)  # fmt: skip
def test_each_kind_is_read(told: Any, value: Any) -> None:
    found = values.read(told)
    assert (found, type(found)) == (value, type(value))
    # What is read from outside is what the runtime would have written itself.
    assert values.from_json(values.to_json(found)) == value


@pytest.mark.parametrize(
    "told",
    [
        {"$decimal": "NaN"}, {"$decimal": "Infinity"}, {"$decimal": "twelve"}, {"$decimal": 12}, {"$decimal": None},
        {"$decimal": "1e999999999"}, {"$decimal": "1e-999999999"}, Decimal("1e400"), {"$integer": "1.5"},
        {"$integer": 7}, {"$integer": "9" * 200}, 10**200, {"$date": "2026-02-30"}, {"$date": "9999999-01-01"},
        {"$date": 20260309}, {"$datetime": "2026-03-09T01:00:00"}, {"$datetime": "now"}, {"$duration": "3 days"},
        {"$duration": []}, {"$file": {}}, {"$file": "a"}, {"$file": {**FILE, "size": "3"}}, {"$file": {**FILE, "x": 1}},
        {"$file": {**FILE, "name": None}}, {"$map": []}, {"$person": "boss"}, {"$decimal": "1", "more": 2},
        {"more": 2, "$decimal": "1"}, {"$type": "os.system"}, {"a": [{"$decimal": "x"}]}, 0.5,
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_value_is_refused(told: Any) -> None:
    with pytest.raises(NotAValue):
        values.read(told)


def test_the_place_of_what_is_refused_is_told() -> None:
    with pytest.raises(NotAValue) as refused:
        values.read({"lines": [{"price": 1}, {"price": {"$decimal": "x"}}]}, "payload")
    assert refused.value.params["path"] == "payload.lines[1].price"


@pytest.mark.parametrize(
    ("kept", "place"),
    [
        (0.5, "answer"),
        ({"lines": [{"price": 1}, {"price": 0.5}]}, "answer.lines[1].price"),
        ([[Decimal(1), Decimal("NaN")]], "answer[0][1]"),
        ({"terms": {1: "a"}}, "answer.terms"),
        ({"when": [dt.datetime(2026, 3, 9)]}, "answer.when[0]"),
    ],
    ids=str,
)
def test_the_place_of_what_cannot_be_kept_is_told(kept: Any, place: str) -> None:
    with pytest.raises(NotAValue) as refused:
        values.to_json(kept, "answer")
    assert refused.value.params["path"] == place


@pytest.mark.parametrize(
    "deep", ["[" * 40 + "]" * 40, '{"a":' * 40 + "1" + "}" * 40, '{"$map":' * 80 + "{}" + "}" * 80]
)
def test_what_is_too_deep_is_refused(deep: str) -> None:
    with pytest.raises(NotAValue):
        values.read(json.loads(deep))
