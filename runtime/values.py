"""The values that a case can hold, and their tagged JSON.

text, boolean, integer, Decimal, date, date-time (UTC), duration, list, map, file
and null keep their type from form to script to storage to API. Floats are refused:
they are not exact. Plain JSON values stand for themselves; the others are a map
with one `$` key, and a user's map that has such a key is wrapped in `$map`, so
nothing that a user can type is read back as something else."""

from __future__ import annotations

import datetime as dt
from collections import ChainMap
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, cast

import isodate
import orjson

from runtime.errors import Invalid

Value = Any  # one of the kinds above
MAX_INTEGER = 2**63 - 1
_AS_THEY_ARE = frozenset((str, bool, type(None)))


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
    # This is asked for every value of every step: the path is put together only when it is to be named.
    try:
        return _plain(value)
    except _NoValue as found:
        raise NotAValue(type=found.type, path=path + "".join(found.path)) from None


class _NoValue(Exception):
    """`path`: where it lies, from the outside inwards, as each level that it passes adds."""

    def __init__(self, type: str) -> None:
        self.type, self.path = type, list[str]()

    def inside(self, step: str) -> None:
        self.path.insert(0, step)


def _plain(value: Value) -> Any:
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is dict:
        return _map(value)
    if kind is list:
        return _list(value)
    if kind is Decimal:
        return _decimal(value)
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if abs(value) <= MAX_INTEGER else {"$integer": str(value)}
    if isinstance(value, Decimal):
        return _decimal(value)
    if isinstance(value, dt.datetime):
        if value.tzinfo is None:
            raise _NoValue("date-time without a zone")
        return {"$datetime": value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")}
    if isinstance(value, dt.date):
        return {"$date": value.isoformat()}
    if isinstance(value, (dt.timedelta, isodate.Duration)):
        return {"$duration": isodate.duration_isoformat(value)}
    if isinstance(value, File):
        return {"$file": asdict(value)}
    if isinstance(value, Mapping):
        return _map(value)
    if isinstance(value, (list, tuple)):
        return _list(value)
    raise _NoValue(type(value).__name__)


def _decimal(value: Decimal) -> dict[str, str]:
    if not value.is_finite():
        raise _NoValue(str(value))
    return {"$decimal": _digits(value)}


def _digits(value: Decimal) -> str:
    """Without an exponent, unless that would be all zeros."""
    text = str(value)  # has none where it need not, and takes half as long as a format
    return format(value, "f") if "E" in text and -40 < value.adjusted() < 40 else text


def _list(value: Sequence[Value]) -> list[Any]:
    plain: list[Any] = []
    try:
        for item in value:
            plain.append(item if type(item) in _AS_THEY_ARE else _plain(item))
    except _NoValue as found:
        found.inside(f"[{len(plain)}]")
        raise
    return plain


def _map(value: Mapping[Any, Value]) -> dict[str, Any]:
    plain, tagged = {}, False
    for key, item in value.items():
        if type(key) is not str and not isinstance(key, str):
            raise _NoValue("map with a key that is not text")
        if key[:1] == "$":
            tagged = True
        if type(item) in _AS_THEY_ARE:
            plain[key] = item
            continue
        try:
            plain[key] = _plain(item)
        except _NoValue as found:
            found.inside(f".{key}")
            raise
    return {"$map": plain} if tagged else plain


def from_json(data: Any) -> Value:
    """The value that `to_json` wrote."""
    if isinstance(data, list):
        return [item if type(item) in _AS_THEY_ARE else from_json(item) for item in data]
    if not isinstance(data, dict):
        return data
    if len(data) == 1:
        ((tag, inner),) = data.items()
        if tag in _TAGS:
            return _TAGS[tag](inner)
    return {key: item if type(item) in _AS_THEY_ARE else from_json(item) for key, item in data.items()}


MAX_DEPTH = 32  # of what is read from outside
MAX_DIGITS = 100  # of a number from outside, before and behind its point


def read(data: Any, path: str = "value") -> Value:
    """The value that somebody outside wrote as tagged JSON, its numbers read as Decimal or int.

    Stricter than `from_json`: raises NotAValue for a tag that is none or holds something else, for a number that
    no computation could bear, a moment without a zone, and data deeper than MAX_DEPTH."""
    return _read(data, path, MAX_DEPTH)


def _read(data: Any, path: str, depth: int) -> Value:
    if depth == 0:
        raise NotAValue(type="too deep", path=path[:100])
    if data is None or isinstance(data, (bool, str)):
        return data
    if isinstance(data, (int, Decimal)):
        return _bearable(data, path)
    if isinstance(data, list):
        return [_read(item, f"{path}[{index}]", depth - 1) for index, item in enumerate(data)]
    if not isinstance(data, dict):
        raise NotAValue(type=type(data).__name__, path=path)
    tags = [key for key in data if key.startswith("$")]
    if not tags:
        return {key: _read(item, f"{path}.{key}", depth - 1) for key, item in data.items()}
    (tag, inner), *others = data.items()
    if others or tag not in _TAGS:
        raise NotAValue(type=tags[0], path=path)
    if tag == "$map":
        if not isinstance(inner, dict):
            raise NotAValue(type=tag, path=path)
        return {key: _read(item, f"{path}.{key}", depth - 1) for key, item in inner.items()}
    try:
        if tag != "$file" and not isinstance(inner, str):
            raise TypeError
        value = _TAGS[tag](inner)
        if isinstance(value, File) and not _described(value):
            raise TypeError
        if isinstance(value, dt.datetime) and value.tzinfo is None:
            raise TypeError
    except (TypeError, ValueError, ArithmeticError):  # isodate's and Decimal's are among these
        raise NotAValue(type=tag, path=path) from None
    return _bearable(value, path)


def _bearable(value: Value, path: str) -> Value:
    number = value if isinstance(value, Decimal) else None
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**MAX_DIGITS:
        raise NotAValue(type="number too large", path=path)
    if number is not None:
        exponent = number.as_tuple().exponent
        if not isinstance(exponent, int):
            raise NotAValue(type=str(number), path=path)
        if number.adjusted() >= MAX_DIGITS or exponent < -MAX_DIGITS:
            raise NotAValue(type="number too large", path=path)
    return value


def _described(file: File) -> bool:
    texts = (file.sha256, file.name, file.media_type)
    return all(isinstance(text, str) for text in texts) and type(file.size) is int


_TAGS: dict[str, Callable[[Any], Value]] = {
    "$integer": int,
    "$decimal": Decimal,
    "$datetime": lambda text: dt.datetime.fromisoformat(text),
    "$date": dt.date.fromisoformat,
    "$duration": isodate.parse_duration,
    "$file": lambda parts: File(**parts),
    "$map": lambda inner: {key: from_json(item) for key, item in inner.items()},
}


def over(*layers: Mapping[str, Value]) -> Mapping[str, Value]:
    """Several as one: the first that has a name counts. No copy: nothing is read before it is asked for."""
    return ChainMap(*cast(list[MutableMapping[str, Value]], layers))


def dumps(value: Value) -> str:
    """Tagged JSON as text, keys in order: equal values give equal text."""
    return orjson.dumps(to_json(value), option=orjson.OPT_SORT_KEYS).decode()


def loads(text: str | bytes) -> Value:
    """The value that `dumps` wrote."""
    return from_json(orjson.loads(text))
