"""What programs are answered: dataclasses (shapes.py) as JSON; numbers exact, times in UTC.

Not here: errors (problems.py)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson
from flask import Response


def _exact(value: Any) -> Any:
    """A Decimal as the number that it is; orjson writes all else."""
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(format(value, "f").encode())
    raise TypeError(type(value).__name__)


def dumps(answer: Any) -> bytes:
    return orjson.dumps(answer, default=_exact, option=orjson.OPT_UTC_Z)


def response(answer: Any, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """None is answered without a body."""
    if answer is None:
        return Response(status=status, headers=dict(headers or {}))
    return Response(dumps(answer), status, headers=dict(headers or {}), mimetype="application/json")
