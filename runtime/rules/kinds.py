"""Which type an expression of a rule file has, and where types do not fit.

Types are those of table.TYPES, and inside an expression also duration and null. A type
that cannot be told, because a part is wrong already, is None, so that one mistake is
one problem. Not here: the computing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches

import isodate

from runtime.expressions import Binary, Call, Conditional, ListOf, Literal, Name, Node, Unary
from runtime.rules.conditions import render
from runtime.values import Value

Report = Callable[..., None]  # report(code, **params)
_NUMBERS = ("integer", "decimal")
_KINDS = {
    "bool": "boolean",
    "int": "integer",
    "Decimal": "decimal",
    "str": "text",
    "date": "date",
    "NoneType": "null",
    "timedelta": "duration",
    "Duration": "duration",
}

# name -> (fewest, most arguments, their family)
FUNCTIONS = {
    "sqrt": (1, 1, "number"),
    "abs": (1, 1, "number"),
    "ceil": (1, 1, "number"),
    "floor": (1, 1, "number"),
    "round": (1, 2, "number"),
    "min": (1, 20, "any"),
    "max": (1, 20, "any"),
    "date": (1, 1, "text"),
    "duration": (1, 1, "text"),
    "days": (1, 1, "duration"),
}


def kind_of(value: Value) -> str:
    """The type of a value; "" for one that rules do not know."""
    return _KINDS.get(type(value).__name__, "")


def infer(node: Node, kinds: Mapping[str, str], report: Report) -> str | None:
    """The type of `node`, given those of the names; what does not fit goes to `report`."""
    match node:
        case Literal(value):
            return kind_of(value) or None
        case Name(id):
            if id not in kinds:
                near = get_close_matches(id, kinds, 1, 0.6)
                report(
                    "rule_file.unknown_name_near" if near else "rule_file.unknown_name",
                    name=id,
                    near=near[0] if near else "",
                )
                return None
            return kinds[id] or None
        case Unary("-", operand):
            return _need(operand, _NUMBERS, infer(operand, kinds, report), report)
        case Unary("empty", operand):
            infer(operand, kinds, report)
            return "boolean"
        case Unary(_, operand):
            _need(operand, ("boolean",), infer(operand, kinds, report), report)
            return "boolean"
        case Binary("and" | "or", left, right):
            for part in (left, right):
                _need(part, ("boolean",), infer(part, kinds, report), report)
            return "boolean"
        case Binary("in", left, right):
            return _membership(left, right, kinds, report)
        case Binary(op, left, right):
            one, other = infer(left, kinds, report), infer(right, kinds, report)
            if op in ("==", "!=", "<", "<=", ">", ">="):
                _comparison(node, op, one, other, report)
                return "boolean"
            return _arithmetic(node, op, one, other, report)
        case Conditional(test, then, otherwise):
            _need(test, ("boolean",), infer(test, kinds, report), report)
            return _common(node, [infer(then, kinds, report), infer(otherwise, kinds, report)], report)
        case Call(name, args):
            return _call(node, name, args, kinds, report)
    report("rule_file.not_in_rules", text=render(node))
    return None


def _family(kind: str | None) -> str | None:
    return "number" if kind in _NUMBERS else kind


def _need(node: Node, wanted: tuple[str, ...], found: str | None, report: Report) -> str | None:
    if found is None or found in wanted:
        return found
    report("rule_file.wrong_type", text=render(node), found=found, wanted=wanted[-1])
    return None


def _comparison(node: Binary, op: str, one: str | None, other: str | None, report: Report) -> None:
    families = {_family(one), _family(other)}
    if None in families:
        return
    if "null" in families and op in ("==", "!="):
        return
    if len(families) > 1:
        report("rule_file.cannot_compare", text=render(node), left=one, right=other)
    elif families == {"duration"}:
        report("rule_file.compare_days", text=render(node))
    elif op not in ("==", "!=") and families & {"text", "boolean", "null"}:
        report("rule_file.no_order", text=render(node), found=one)
    elif families == {"boolean"} and not (_is_leaf(node.left) and _is_leaf(node.right)):
        report("rule_file.compare_conditions", text=render(node))


def _is_leaf(node: Node) -> bool:
    return isinstance(node, (Name, Literal))


def _membership(left: Node, right: Node, kinds: Mapping[str, str], report: Report) -> str:
    kind = infer(left, kinds, report)
    if not isinstance(right, ListOf):
        report("rule_file.in_needs_list", text=render(right))
        return "boolean"
    for item in right.items:
        other = infer(item, kinds, report)
        if not isinstance(item, Literal):
            report("rule_file.in_needs_list", text=render(right))
        elif kind and other and _family(kind) != _family(other):
            report("rule_file.cannot_compare", text=render(item), left=kind, right=other)
    return "boolean"


def _arithmetic(node: Node, op: str, one: str | None, other: str | None, report: Report) -> str | None:
    if one is None or other is None:
        return None
    if one in _NUMBERS and other in _NUMBERS:
        return "integer" if op != "/" and one == other == "integer" else "decimal"
    pair = (one, op, other)
    if pair in (("date", "+", "duration"), ("date", "-", "duration"), ("duration", "+", "date")):
        return "date"
    if pair in (("date", "-", "date"), ("duration", "+", "duration"), ("duration", "-", "duration")):
        return "duration"
    if pair == ("text", "+", "text"):
        return "text"
    report("rule_file.cannot_compute", text=render(node), left=one, right=other)
    return None


def _common(node: Node, found: list[str | None], report: Report) -> str | None:
    """The one type of several alternatives; a decimal may stand beside an integer, null beside all."""
    told = {kind for kind in found if kind not in (None, "null")}
    if None in found:
        return None
    if len({_family(kind) for kind in told}) > 1:
        report("rule_file.two_types", text=render(node), kinds=", ".join(sorted(str(kind) for kind in told)))
        return None
    if not told:
        return "null"
    return "decimal" if "decimal" in told else next(iter(told))


def _call(
    node: Node, name: str, args: tuple[Node, ...], kinds: Mapping[str, str], report: Report
) -> str | None:
    if name not in FUNCTIONS:
        report("rule_file.unknown_function", name=name, functions=", ".join(FUNCTIONS))
        return None
    fewest, most, family = FUNCTIONS[name]
    if not fewest <= len(args) <= most:
        report("rule_file.wrong_arguments", name=name, count=len(args))
        return None
    found = [infer(arg, kinds, report) for arg in args]
    if None in found:
        return None
    if family != "any":
        wanted = _NUMBERS if family == "number" else (family,)
        found = [_need(arg, wanted, kind, report) for arg, kind in zip(args, found, strict=True)]
        if None in found:
            return None
    match name:
        case "sqrt" | "days":
            return "decimal"
        case "ceil" | "floor":
            return "integer"
        case "abs":
            return found[0]
        case "round":
            places = args[1] if len(args) == 2 else Literal(0)
            if not (isinstance(places, Literal) and type(places.value) is int and -10 <= places.value <= 20):
                report("rule_file.wrong_arguments", name=name, count=len(args))
                return None
            return "decimal" if places.value > 0 else "integer"
        case "date" | "duration":
            return _constant(name, args[0], report)
    if not {_family(kind) for kind in found} <= {"number", "date"}:
        report("rule_file.wrong_type", text=render(node), found=found[0], wanted="decimal")
        return None
    return _common(node, found, report)


def _constant(name: str, text: Node, report: Report) -> str | None:
    """`date('2026-01-31')` and `duration('P3D')` take written text only, so they are checked here."""
    try:
        if not isinstance(text, Literal):
            raise ValueError
        isodate.parse_date(text.value) if name == "date" else isodate.parse_duration(text.value)
    except (ValueError, isodate.ISO8601Error):
        report("rule_file.not_a_constant", name=name, text=render(text))
        return None
    return name
