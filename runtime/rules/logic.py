"""A rule file's names as terms of z3, and z3's answers as cases.

What is compared is an integer, as for the engine: numbers times 10^4, dates as day
numbers, texts by number, booleans 0 and 1. Inside `let` numbers are reals. What cannot
be said in z3 is left free, so that "there is no case" stays true and a case that it
finds may be wrong: analyse.py tries each. Not here: the questions (analyse.py)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import z3

from runtime.expressions import Binary, Call, Conditional, Literal, Name, Node, Unary
from runtime.rules.conditions import COMPARISONS, operands, render
from runtime.rules.table import COMPARED_DECIMALS, LARGEST, Derived, Field, RuleFile
from runtime.rules.terms import Constant, Test
from runtime.values import Value

_SCALE = 10**COMPARED_DECIMALS
_FIRST, _LAST = dt.date(1900, 1, 1), dt.date(2200, 1, 1)
_NUMBERS = ("integer", "decimal")


class _Unsaid(Exception):
    """This part is left free."""


class Logic:
    """Terms of one rule file. `domain` holds for every case; `plain_numbers` for readable ones.

    They are in a world of their own (`world`): what z3 tries first hangs on all that it has ever been told there,
    and a proof must not succeed or fail by what was proved before it."""

    def __init__(self, file: RuleFile) -> None:
        self._file = file
        self.world = z3.Context()
        self._half = z3.RealVal("1/2", self.world)
        self._words: dict[str, int] = {}
        self._fresh = 0
        self.domain: list[Any] = []
        self.plain_numbers: list[Any] = []
        self._compared: dict[str, Any] = {}  # name -> integer term
        self._exact: dict[str, Any] = {}  # name -> real (numbers, durations in days) or integer (others)
        self._given: dict[str, Any] = {}  # optional names only
        for field in file.inputs.values():
            self._input(field)
        figures = {**file.let, **file.operands}
        wanted = _wanted(file)
        for name, figure in figures.items():
            # What no condition stands on would only make the proofs harder.
            if name in wanted:
                self._figure(figure)

    def test(self, test: Test) -> Any:
        """A test of a condition as a boolean term."""
        if test.op in ("given", "missing"):
            given = self._given[test.left]
            return given if test.op == "given" else z3.Not(given)
        left = self._compared[test.left]
        if isinstance(test.right, Constant):
            return _compare(test.op, left, z3.IntVal(self._encode(test.right.value), self.world))
        return _compare(test.op, left, self._compared[str(test.right)])

    def case(self, model: Any) -> dict[str, Value]:
        """The inputs of a model, each allowed by its field's type and range."""
        found: dict[str, Value] = {}
        texts = {number: text for text, number in self._words.items()}
        for name, field in self._file.inputs.items():
            given = self._given.get(name)
            if given is not None and not z3.is_true(model.eval(given, model_completion=True)):
                found[name] = None
                continue
            number = model.eval(self._compared[name], model_completion=True).as_long()
            match field.type:
                case "boolean":
                    found[name] = number == 1
                case "integer":
                    found[name] = number // _SCALE
                case "decimal":
                    found[name] = Decimal(number).scaleb(-COMPARED_DECIMALS)
                case "date":
                    found[name] = dt.date.fromordinal(number)
                case _:
                    found[name] = texts.get(number, f"text{number}")
        return found

    def _encode(self, value: Value) -> int:
        if isinstance(value, bool):
            return 1 if value else 0
        if isinstance(value, (int, Decimal)):
            return int(value * _SCALE)
        if isinstance(value, dt.date):
            return value.toordinal()
        if isinstance(value, str):
            return self._words.setdefault(value, len(self._words))
        raise _Unsaid

    def _input(self, field: Field) -> None:
        term = z3.Int(field.id, self.world)
        low: Value
        high: Value
        self._compared[field.id] = term
        if not field.required:
            self._given[field.id] = z3.Bool(f"{field.id} given", self.world)
        if field.type in _NUMBERS:
            self._exact[field.id] = z3.ToReal(term) / _SCALE
            places = 0 if field.type == "integer" else field.decimals
            if places is not None and places < COMPARED_DECIMALS:
                self.domain.append(term % 10 ** (COMPARED_DECIMALS - places) == 0)
            low, high = Decimal(-LARGEST), Decimal(LARGEST)
            self.plain_numbers += [term % _SCALE == 0, term <= 10**6 * _SCALE, term >= -(10**6) * _SCALE]
        elif field.type == "date":
            self._exact[field.id] = term
            low, high = _FIRST, _LAST
        else:
            self._exact[field.id] = term
            low, high = 0, 1 if field.type == "boolean" else 10**6
        if field.type in (*_NUMBERS, "date"):
            low = field.minimum if field.minimum is not None else low
            high = field.maximum if field.maximum is not None else high
            self.domain += [term >= self._encode(low), term <= self._encode(high)]
        else:
            self.domain += [term >= low, term <= high]
        if field.choices:
            self.domain.append(z3.Or([term == self._encode(value) for value in field.values], self.world))

    def _figure(self, figure: Derived) -> None:
        try:
            exact = self._term(figure.formula.tree)
        except _Unsaid:
            exact = None
        if figure.optional:
            given = z3.Bool(f"{figure.id} given", self.world)
            self._given[figure.id] = given
            needed = [self._given[name] for name in sorted(figure.formula.names) if name in self._given]
            self.domain.append(z3.Implies(z3.And(needed, self.world), given))
        if figure.kind in _NUMBERS:
            exact = exact if exact is not None else self._real()
            compared = z3.Int(f"{figure.id} compared", self.world)
            distance = z3.ToReal(compared) - exact * _SCALE
            self.domain += [distance <= self._half, distance >= -self._half]
        else:
            compared = exact if exact is not None else self._integer()
            exact = compared
            if figure.kind == "boolean":
                self.domain.append(z3.And(compared >= 0, compared <= 1))
        self._exact[figure.id] = exact
        self._compared[figure.id] = compared

    def _real(self) -> Any:
        self._fresh += 1
        return z3.Real(f"some {self._fresh}", self.world)

    def _integer(self) -> Any:
        self._fresh += 1
        return z3.Int(f"some {self._fresh}", self.world)

    def _term(self, node: Node) -> Any:
        """An expression of let. Raises _Unsaid."""
        match node:
            case Literal(value):
                return self._literal(value)
            case Name(id):
                if id in self._exact:
                    return self._exact[id]
            case Unary("-", operand):
                return -self._term(operand)
            case Binary("+", left, right):
                return self._number(left) + self._number(right)
            case Binary("-", left, right):
                return self._number(left) - self._number(right)
            case Binary("*", left, right):
                return self._number(left) * self._number(right)
            case Binary("/", left, right):
                divisor = self._number(right)
                self.domain.append(divisor != 0)  # otherwise the case is refused
                return self._number(left) / divisor
            case Conditional(test, then, otherwise):
                return z3.If(self._truth(test), self._term(then), self._term(otherwise))
            case Binary(op, _, _) if op in (*COMPARISONS, "and", "or"):
                return z3.If(self._truth(node), z3.IntVal(1, self.world), z3.IntVal(0, self.world))
            case Call(name, args):
                return self._call(name, args)
        raise _Unsaid

    def _literal(self, value: Value) -> Any:
        if isinstance(value, dt.timedelta):
            return z3.RealVal(str(Decimal(value / dt.timedelta(days=1))), self.world)
        if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
            return z3.RealVal(format(value, "f") if isinstance(value, Decimal) else str(value), self.world)
        return z3.IntVal(self._encode(value), self.world)

    def _number(self, node: Node) -> Any:
        """A term that arithmetic takes: no texts, no null."""
        if isinstance(node, Literal) and isinstance(node.value, (str, bool, type(None))):
            raise _Unsaid
        if isinstance(node, Name) and node.id in self._exact and self._file.kind(node.id) == "text":
            raise _Unsaid
        return self._term(node)

    def _truth(self, node: Node) -> Any:
        match node:
            case Literal(bool() as value):
                return z3.BoolVal(value, self.world)
            case Name(id) if id in self._exact and self._file.kind(id) == "boolean":
                return self._exact[id] == 1
            case Unary("not", operand):
                return z3.Not(self._truth(operand))
            case Binary("and", left, right):
                return z3.And(self._truth(left), self._truth(right))
            case Binary("or", left, right):
                return z3.Or(self._truth(left), self._truth(right))
            case Binary(("==" | "!=") as op, Name(id), Literal(None)):
                given = self._given.get(id, z3.BoolVal(True, self.world))
                return given if op == "!=" else z3.Not(given)
            case Binary(op, left, right) if op in COMPARISONS:
                return _compare(op, self._term(left), self._term(right))
        raise _Unsaid

    def _call(self, name: str, args: tuple[Node, ...]) -> Any:
        terms = [self._number(arg) for arg in args]
        first = terms[0]
        match name:
            case "sqrt":
                root = self._real()
                self.domain += [root >= 0, root * root == first]
                return root
            case "abs":
                return z3.If(first >= 0, first, -first)
            case "floor":
                return z3.ToReal(z3.ToInt(first))
            case "ceil":
                return -z3.ToReal(z3.ToInt(-first))
            case "min" | "max":
                best = first
                for term in terms[1:]:
                    best = z3.If(term < best if name == "min" else term > best, term, best)
                return best
            case "round":
                places = args[1].value if len(args) == 2 and isinstance(args[1], Literal) else 0
                if places < 0:
                    raise _Unsaid
                whole = z3.ToReal(self._integer())
                distance = whole - first * 10**places
                self.domain += [distance <= self._half, distance >= -self._half]
                return whole / 10**places
            case "days":
                return first if first.sort() == z3.RealSort(self.world) else z3.ToReal(first)
        raise _Unsaid


def _wanted(file: RuleFile) -> set[str]:
    """Names that conditions look at, and those that their figures are computed from."""
    wanted = {
        render(side) for row in file.rows for side in operands(row.when) if not isinstance(side, Literal)
    }
    for name, figure in reversed({**file.let, **file.operands}.items()):
        if name in wanted:
            wanted |= figure.formula.names
    return wanted


def _compare(op: str, left: Any, right: Any) -> Any:
    match op:
        case "==":
            return left == right
        case "!=":
            return left != right
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
    return left >= right
