"""The values that a case can hold, and their tagged JSON.

text, boolean, integer, Decimal, date, date-time (UTC), duration, list, map, file
and null keep their type from form to script to storage to API. Floats are refused:
they are not exact. Plain JSON values stand for themselves; the others are a map
with one `$` key, and a user's map that has such a key is wrapped in `$map`, so
nothing that a user can type is read back as something else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import isodate
import orjson

from runtime.errors import Invalid

Value = Any  # one of the kinds above
MAX_INTEGER = 2**63 - 1


class NotAValue(Invalid):
    """A value of type {type} cannot be kept in a case ({path})."""

    code = "value.unsupported"


@dataclass(frozen=True)
class File:
    """A stored file: its content is found by `sha256`, the rest describes it. `size` in bytes."""

    sha256: str
    name: str
    media_type: str
    size: int


def to_json(value: Value, path: str = "value") -> Any:
    """`value` as plain JSON data with tags. Raises NotAValue, naming the path."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if abs(value) <= MAX_INTEGER else {"$integer": str(value)}
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise NotAValue(type=str(value), path=path)
        return {"$decimal": format(value, "f") if -40 < value.adjusted() < 40 else str(value)}
    if isinstance(value, dt.datetime):
        if value.tzinfo is None:
            raise NotAValue(type="date-time without a zone", path=path)
        return {"$datetime": value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")}
    if isinstance(value, dt.date):
        return {"$date": value.isoformat()}
    if isinstance(value, (dt.timedelta, isodate.Duration)):
        return {"$duration": isodate.duration_isoformat(value)}
    if isinstance(value, File):
        return {"$file": asdict(value)}
    if isinstance(value, Mapping):
        if any(not isinstance(key, str) for key in value):
            raise NotAValue(type="map with a key that is not text", path=path)
        plain = {key: to_json(item, f"{path}.{key}") for key, item in value.items()}
        return {"$map": plain} if any(key.startswith("$") for key in plain) else plain
    if isinstance(value, (list, tuple)):
        return [to_json(item, f"{path}[{index}]") for index, item in enumerate(value)]
    raise NotAValue(type=type(value).__name__, path=path)


def from_json(data: Any) -> Value:
    """The value that `to_json` wrote."""
    if isinstance(data, list):
        return [from_json(item) for item in data]
    if not isinstance(data, dict):
        return data
    if len(data) == 1:
        ((tag, inner),) = data.items()
        if tag in _TAGS:
            return _TAGS[tag](inner)
    return {key: from_json(item) for key, item in data.items()}


_TAGS = {
    "$integer": int,
    "$decimal": Decimal,
    "$datetime": lambda text: dt.datetime.fromisoformat(text),
    "$date": dt.date.fromisoformat,
    "$duration": isodate.parse_duration,
    "$file": lambda parts: File(**parts),
    "$map": lambda inner: {key: from_json(item) for key, item in inner.items()},
}


def dumps(value: Value) -> str:
    """Tagged JSON as text, keys in order: equal values give equal text."""
    return orjson.dumps(to_json(value), option=orjson.OPT_SORT_KEYS).decode()


def loads(text: str | bytes) -> Value:
    """The value that `dumps` wrote."""
    return from_json(orjson.loads(text))
