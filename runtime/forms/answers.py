"""Answers to a form: which are taken, which are not, and every reason at once.

Taken are the fields that are shown and can be written. Read-only, disabled and hidden ones
are never taken, whatever is sent; a key that the form does not have is refused. What was
not sent stays as it is.

Not here: what each kind of answer must be (kinds.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from runtime import clock, v8
from runtime.errors import Invalid, Problem
from runtime.forms.kinds import CHOICES, DATES, READERS, Refused, Today, read_files
from runtime.forms.model import MAX_ROWS, Field, Form, keyed
from runtime.forms.present import for_browser, plain
from runtime.values import Value

MAX_DEPTH = 20  # of the answers' JSON
MAX_UNKNOWN = 20  # of one level, told by name
_MISSING = object()
_GIANT = Decimal("1E+100")  # stands for every number that is too large anyway


class FormInvalid(Invalid):
    """Some answers do not fit."""

    code = "form.invalid"


def unknown_fields(names: Iterable[str], path: str = "") -> list[Problem]:
    """The problems of answers to questions that were not asked.

    No browser sends any: the first few names are enough to see what is meant."""
    # JSON can spell half a character, which no page can show.
    places = [(path + name).encode("utf-8", "replace").decode() for name in sorted(names)[:MAX_UNKNOWN]]
    shown = [place if len(place) <= 100 else place[:100] + "…" for place in places]
    return [
        Problem("answer.unknown_field", "This form has no field {field}.", place, {"field": place})
        for place in shown
    ]


def validate(
    form: Form,
    answers: Mapping[str, Any],
    known: Mapping[str, Value],
    options: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    today: dt.date | None = None,
) -> dict[str, Value]:
    """The typed values that the answers give, by variable.

    `answers` are plain JSON as the browser sends them (or typed values), `known` the case's
    variables, `options` the choices by source, `today` the business date (for dates that must
    not have passed, or must have come; without it the kindest zone on earth decides). Raises FormInvalid with a
    Problem for each wrong answer; `where` is "quantity" or "lines[1].quantity" (from 0)."""
    if not isinstance(answers, Mapping) or _too_deep(answers):
        raise FormInvalid([Problem("answer.not_a_map", "The answers must be a map of fields.")])
    reading = _Reading(options, _today(today))
    given = _exact(answers)
    scope = {**_exact(for_browser(form, known)), **_writable(form.fields, given)}
    result = reading.level(form.fields, given, known, "", scope)
    if reading.problems:
        raise FormInvalid(reading.problems)
    return result


def _today(known: dt.date | None) -> Today:
    now = clock.now()
    return Today(
        known or (now - dt.timedelta(hours=12)).date(), known or (now + dt.timedelta(hours=14)).date()
    )


@dataclass
class _Reading:
    options: Mapping[str, Sequence[Mapping[str, Any]]]
    today: Today
    problems: list[Problem] = field(default_factory=list)

    def level(
        self,
        fields: Sequence[Field],
        answers: Mapping[str, Any],
        known: Mapping[str, Value],
        path: str,
        scope: Mapping[str, Any],
    ) -> dict[str, Value]:
        """One level of the answers: the form, a group with a path, a row."""
        here = {each.key: each for each in keyed(fields)}
        self.problems += unknown_fields(answers.keys() - here.keys(), path)
        scope = dict(scope)
        for each in here.values():
            if each.kind == "computed":
                scope[each.key] = v8.shared().evaluate(each.expression, scope)
        return self._fields(fields, answers, known, path, scope, hidden=False)

    def _fields(
        self,
        fields: Sequence[Field],
        answers: Mapping[str, Any],
        known: Mapping[str, Value],
        path: str,
        scope: Mapping[str, Any],
        *,
        hidden: bool,
    ) -> dict[str, Value]:
        result: dict[str, Value] = {}
        for each in fields:
            gone = hidden or self._hidden(each, scope)
            if each.kind == "group" and not each.key:
                result |= self._fields(each.fields, answers, known, path, scope, hidden=gone)
                continue
            place = path + each.key
            if gone:
                # So that expressions of the process find it: nobody was asked, so it is null.
                if each.key not in known:
                    result[each.key] = None
                continue
            if each.kind == "computed":
                result[each.key] = scope[each.key]
                continue
            if each.readonly:
                continue
            answer = answers.get(each.key, _MISSING)
            try:
                value = self._answer(each, answer, known.get(each.key), place, scope)
            except Refused as refused:
                self._refuse(refused.rule, refused.message, place, **refused.params)
                continue
            if value is _MISSING:
                continue
            # Like form-js: a box that must be ticked.
            empty = value is None or (value is False and each.kind == "boolean")
            if empty and (each.required or self._asked(each, scope)):
                self._refuse("answer.required", "This field is required.", place)
                continue
            first = result.get(each.not_before, known.get(each.not_before))
            if _earlier(value, first):
                day = first.date() if isinstance(first, dt.datetime) else first
                self._refuse("answer.too_early", "This date must not lie before {day}.", place, day=str(day))
                continue
            result[each.key] = value
        return result

    def _asked(self, each: Field, scope: Mapping[str, Any]) -> bool:
        return bool(each.required_if) and v8.shared().unary_test(each.required_if, scope) is True

    def _hidden(self, each: Field, scope: Mapping[str, Any]) -> bool:
        # A unary test, because that is how form-js reads a condition.
        return bool(each.hide) and v8.shared().unary_test(each.hide, scope) is True

    def _refuse(self, rule: str, message: str, place: str, **params: Any) -> None:
        self.problems.append(Problem(rule, message, place, params))

    def _answer(self, each: Field, answer: Any, before: Value, place: str, scope: Mapping[str, Any]) -> Value:
        """The typed value; _MISSING when what is known stays."""
        # The browser cannot hold a file that was given earlier: null is not its removal.
        if before is not None and (answer is _MISSING or (answer is None and each.kind == "file")):
            return _MISSING
        if each.kind == "group":
            return self._group(each, answer, before, place, scope)
        if each.kind == "rows" and (answer is None or answer is _MISSING):
            answer = []  # no rows: not a list that is not there, which nothing behind the form expects
        if answer is _MISSING or answer is None:
            return None
        if each.kind == "rows":
            return self._rows(each, answer, before, place, scope)
        if each.kind in CHOICES:
            return CHOICES[each.kind](answer, each, self._allowed(each, before))
        if each.kind in DATES:
            return DATES[each.kind](answer, each, self.today)
        if each.kind == "file":
            return read_files(answer, each, before)
        return READERS[each.kind](answer, each)

    def _allowed(self, each: Field, before: Value) -> list[Value]:
        """The options, and what was chosen earlier even if it is no longer offered."""
        if not each.source:
            return [option.value for option in each.options]
        offered = [option["value"] for option in self.options.get(each.source, ())]
        return offered + (list(before) if isinstance(before, (list, tuple)) else [before])

    def _group(self, each: Field, answer: Any, before: Value, place: str, scope: Mapping[str, Any]) -> Value:
        given = {} if answer is _MISSING or answer is None else answer
        if not isinstance(given, Mapping):
            raise Refused("answer.not_a_map", "The answers must be a map of fields.")
        held = before if isinstance(before, Mapping) else {}
        own = {**_exact(plain(held, each)), **_writable(each.fields, given)}
        inner = {**scope, **own, "this": own, "parent": scope}
        return {**held, **self.level(each.fields, given, held, f"{place}.", inner)}

    def _rows(self, each: Field, answer: Any, before: Value, place: str, scope: Mapping[str, Any]) -> Value:
        if not isinstance(answer, list) or not all(isinstance(row, Mapping) for row in answer):
            raise Refused("answer.not_a_list", "A list is expected here.")
        if len(answer) > MAX_ROWS:
            raise Refused("answer.too_many_rows", "At most {limit} rows are allowed.", limit=MAX_ROWS)
        held = list(before) if isinstance(before, (list, tuple)) else []
        if each.fixed and held and len(held) != len(answer):
            raise Refused("answer.rows_fixed", "Rows cannot be added or removed here.")
        rows: list[Value] = []
        for index, row in enumerate(answer):
            # Only rows that stay in their place can be told apart; others are written anew.
            old = held[index] if each.fixed and index < len(held) and isinstance(held[index], Mapping) else {}
            own = {**_exact(plain(old, each)), **_writable(each.fields, row)}
            inner = {**scope, **own, "this": own, "parent": scope, "i": [index + 1]}
            rows.append({**old, **self.level(each.fields, row, old, f"{place}[{index}].", inner)})
        return rows


def _earlier(value: Value, first: Value) -> bool:
    if isinstance(value, dt.datetime) and isinstance(first, dt.datetime):
        return value < first
    return type(value) is dt.date and type(first) is dt.date and value < first


def _writable(fields: Sequence[Field], answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that count: what is sent for other fields must not move a condition either."""
    allowed = {each.key for each in keyed(fields) if not each.readonly and each.kind != "computed"}
    return {name: answer for name, answer in answers.items() if name in allowed}


def _too_deep(answers: Any) -> bool:
    level = [answers]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for item in level
            if isinstance(item, (Mapping, list))
            for inner in (item.values() if isinstance(item, Mapping) else item)
        ]
        if not level:
            return False
    return True


def _exact(answer: Any) -> Any:
    """Answers without floats, whose repr has the digits that stood in the JSON, and without giants."""
    if isinstance(answer, float):
        answer = Decimal(repr(answer))
    if isinstance(answer, Decimal):
        if not answer.is_finite():
            return str(answer)
        return answer if answer.adjusted() < 100 else _GIANT
    if isinstance(answer, int):
        return answer if answer.bit_length() < 300 else _GIANT
    if isinstance(answer, Mapping):
        return {str(key): _exact(item) for key, item in answer.items()}
    if isinstance(answer, list):
        return [_exact(item) for item in answer]
    return answer
