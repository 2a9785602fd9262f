"""A rule file's text, read and checked: every problem at once, each at its line and column.

Not here: proofs about the table as a whole (analyse.py) and its examples' outcome
(evaluate.publishable)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping as Map
from dataclasses import replace

from runtime import expressions, yaml
from runtime.errors import Problem
from runtime.expressions import Expression, Literal, Malformed, Name
from runtime.expressions import Node as Tree
from runtime.rules.conditions import fold, operands, render
from runtime.rules.kinds import infer
from runtime.rules.problems import problem
from runtime.rules.reading import NOTHING, Reading, has_more_decimals, is_null
from runtime.rules.table import (
    COMPARED_DECIMALS,
    LARGEST,
    TYPES,
    UNSET,
    Cell,
    Default,
    Derived,
    Example,
    Field,
    Refusing,
    Row,
    RuleFile,
)
from runtime.rules.terms import MAX_ALTERNATIVES, MAX_TESTS, TooManyAlternatives, alternatives
from runtime.values import Value
from runtime.yaml import Mapping, Node, Text

__all__ = ["MAX_ROWS", "RuleFile", "load"]

MAX_ROWS = 600

_TOP = (
    "rule name name_en name_zh_hant description description_en description_zh_hant owner clause "
    "effective_from samples inputs let outputs hit rules default examples"
)
_NAMED = "name name_en name_zh_hant description description_en description_zh_hant unit "
_BECAUSE = " because because_en because_zh_hant"


def load(text: str, file: str = "") -> tuple[RuleFile | None, list[Problem]]:
    """The rule file, and what is wrong with it. None when a problem is an error.

    `file` is only for the problems; problems come in the order of the text."""
    top, found = yaml.read(text, file, lambda what, **place: problem(f"rule_file.{what}", **place))
    if not isinstance(top, Mapping):
        return None, found or [problem("rule_file.not_a_mapping", file=file, line=1, column=1)]
    reading = Reading(file, found)
    table = _read(reading, top, text)
    found.sort(key=lambda each: (each.line, each.column))
    broken = table is None or any(each.severity == "error" for each in found)
    return (None if broken else table), found


def _read(reading: Reading, top: Mapping, text: str) -> RuleFile | None:
    fields = reading.fields(top, "rule", _TOP, "rule name owner clause effective_from outputs rules examples")
    inputs = _inputs(reading, fields.get("inputs"))
    kinds = {id: each.type for id, each in inputs.items()}
    optional = {id for id, each in inputs.items() if not each.required}
    let = _let(reading, fields.get("let"), kinds, optional)
    outputs = _outputs(reading, fields.get("outputs"), kinds)
    hit = reading.one_of(fields.get("hit"), "hit", ("first", "collect"), "first")
    lifted: dict[str, Derived] = {}
    rows = _rows(reading, fields.get("rules"), outputs, kinds, optional, lifted)
    default = _default(reading, fields.get("default"), outputs, kinds)
    examples = _examples(reading, fields.get("examples"), inputs, outputs, hit)
    effective = fields.get("effective_from")
    since = reading.value(effective, "date") if effective else NOTHING
    key = reading.id(fields.get("rule"))
    names = reading.names(fields, "name", top) if "name" in fields else {}
    descriptions = reading.names(fields, "description", top, required=False)
    table = RuleFile(
        key=key,
        names=names,
        descriptions=descriptions,
        owner=reading.text(fields.get("owner"), "owner"),
        clause=reading.text(fields.get("clause"), "clause"),
        effective_from=since if isinstance(since, dt.date) else dt.date.min,
        samples=reading.boolean(fields.get("samples"), "samples", False),
        inputs=inputs,
        let=let,
        outputs=outputs,
        hit=hit,
        rows=rows,
        default=default,
        examples=examples,
        operands=lifted,
        text=text,
        sha256=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
    )
    if not any(each.severity == "error" for each in reading.found):
        _measure(reading, table)
    return table


def _inputs(reading: Reading, node: Node | None) -> dict[str, Field]:
    found: dict[str, Field] = {}
    for key, value in reading.entries(node, "inputs"):
        known = _NAMED + "type required min max values decimals"
        fields = reading.fields(value, key.text, known, "type name")
        found[key.text] = _field(reading, key, value, fields)
    return found


def _field(reading: Reading, key: Text, value: Node, fields: Map[str, Node]) -> Field:
    type = reading.one_of(fields.get("type"), "type", TYPES, "text")
    for name in ("min", "max"):
        if name in fields and type in ("text", "boolean"):
            reading.report("rule_file.bounds_not_here", fields[name], field=name, type=type)
    if "decimals" in fields and type != "decimal":
        reading.report("rule_file.bounds_not_here", fields["decimals"], field="decimals", type=type)
    bounds: dict[str, Value] = {}
    for name in ("min", "max"):
        if name in fields and type not in ("text", "boolean"):
            bound = reading.value(fields[name], type)
            if bound is not NOTHING:
                bounds[name] = bound
    if len(bounds) == 2 and bounds["min"] > bounds["max"]:
        low, high = str(bounds["min"]), str(bounds["max"])
        reading.report("rule_file.bounds", fields["min"], minimum=low, maximum=high)
    return Field(
        id=key.text,
        type=type,
        names=reading.names(fields, "name", value) if "name" in fields else {},
        descriptions=reading.names(fields, "description", value, required=False),
        unit=reading.text(fields.get("unit"), "unit"),
        required=reading.boolean(fields.get("required"), "required", True),
        minimum=bounds.get("min"),
        maximum=bounds.get("max"),
        choices=reading.choices(fields.get("values"), type),
        decimals=reading.whole_number(fields.get("decimals"), "decimals", 0, 20),
        line=key.line,
    )


def _let(
    reading: Reading, node: Node | None, kinds: dict[str, str], optional: set[str]
) -> dict[str, Derived]:
    """Figures in file order; each may use those above it. Extends `kinds` and `optional`."""
    found: dict[str, Derived] = {}
    entries = reading.entries(node, "let")
    later = {key.text for key, _ in entries}
    for key, value in entries:
        if key.text in kinds:
            reading.report("rule_file.duplicate_id", key, id=key.text, first=_first_line(key.text, found))
        fields: Map[str, Node] = {"formula": value}
        if isinstance(value, Mapping):
            fields = reading.fields(value, key.text, _NAMED + "formula", "formula")
        formula = fields.get("formula")
        read = _expression_in_order(reading, formula, kinds, later, key.text) if formula else None
        later.discard(key.text)
        if read is None:
            kinds[key.text] = ""  # named, of unknown type: what uses it is not wrong for that
            continue
        expression, kind = read
        kinds[key.text] = kind
        may_be_null = kind == "null" or bool(expression.names & optional)
        if may_be_null:
            optional.add(key.text)
        names = reading.names(fields, "name", value, required=False)
        unit = reading.text(fields.get("unit"), "unit")
        found[key.text] = Derived(key.text, expression, kind, may_be_null, names, unit, key.line)
    return found


def _first_line(id: str, found: Map[str, Derived]) -> int:
    return found[id].line if id in found else 0


def _expression_in_order(
    reading: Reading, node: Node, kinds: Map[str, str], later: set[str], own: str
) -> tuple[Expression, str] | None:
    """As Reading.expression for the formula of `own`; a name that comes further down is told as such."""
    text = node.text.strip().removeprefix("=").strip() if isinstance(node, Text) else ""
    try:
        early = expressions.compile(text, braces=False).names & later - kinds.keys()
    except Malformed:
        early = frozenset()
    for name in sorted(early):
        code = "rule_file.refers_to_itself" if name == own else "rule_file.name_not_yet"
        reading.report(code, node, name=name)
    return None if early else reading.expression(node, kinds)


def _outputs(reading: Reading, node: Node | None, kinds: Map[str, str]) -> dict[str, Field]:
    found: dict[str, Field] = {}
    formulas: dict[str, Node] = {}
    for key, value in reading.entries(node, "outputs"):
        known = _NAMED + "type min max values decimals formula"
        fields = reading.fields(value, key.text, known, "type name")
        if key.text in kinds:
            reading.report("rule_file.duplicate_id", key, id=key.text, first=0)
        found[key.text] = _field(reading, key, value, fields)
        if "formula" in fields:
            formulas[key.text] = fields["formula"]
    plain = {id: each.type for id, each in found.items() if id not in formulas}
    seen: dict[str, str] = {}
    for id, formula in formulas.items():
        later = set(formulas) - set(seen)
        read = _expression_in_order(reading, formula, {**kinds, **plain, **seen}, later, id)
        seen[id] = found[id].type
        if read:
            _fits(reading, formula, read[1], found[id], read[0].text)
        # Without its expression it still counts as computed; the file has a problem anyway.
        found[id] = replace(found[id], formula=read[0] if read else _NOWHERE)
    if node is not None and not found:
        reading.report("rule_file.no_outputs", node)
    return found


_NOWHERE = Expression("null", Literal(None), frozenset(), frozenset(), lambda *_: None)


def _fits(reading: Reading, node: Node, kind: str, output: Field, text: str) -> None:
    if kind == output.type or (kind == "integer" and output.type == "decimal"):
        return
    reading.report("rule_file.wrong_type", node, text=text[:200], found=kind, wanted=output.type)


def _then(
    reading: Reading, node: Node | None, outputs: Map[str, Field], kinds: Map[str, str]
) -> dict[str, Cell]:
    cells: dict[str, Cell] = {}
    if node is None:
        return cells
    if not isinstance(node, Mapping):
        reading.report("rule_file.wants_mapping", node, field="then")
        return cells
    for key, value in node.items():
        output = outputs.get(key.text)
        if output is None:
            reading.report("rule_file.unknown_output", key, output=key.text)
        elif output.formula is not None:
            reading.report("rule_file.computed_output", key, output=key.text)
        elif isinstance(value, Text) and value.plain and value.text == "unset":
            cells[key.text] = UNSET
        elif isinstance(value, Text) and value.text.startswith("="):
            read = reading.expression(value, kinds)
            if read:
                _fits(reading, value, read[1], output, read[0].text)
                cells[key.text] = read[0]
        else:
            literal = reading.value_of(value, replace(output, decimals=None))
            cells[key.text] = None if literal is NOTHING else literal
    written = {key.text for key, _ in node.items()}
    for id, output in outputs.items():
        if output.formula is None and id not in written:
            reading.report("rule_file.missing_output", node, output=id)
    return cells


def _rows(
    reading: Reading,
    node: Node | None,
    outputs: Map[str, Field],
    kinds: Map[str, str],
    optional: set[str],
    lifted: dict[str, Derived],
) -> tuple[Row, ...]:
    rows: list[Row] = []
    lines: dict[str, int] = {}
    items = reading.items(node, "rules")
    if node is not None and not items:
        reading.report("rule_file.no_rows", node)
    if node is not None and len(items) > MAX_ROWS:
        reading.report("rule_file.too_many_rows", node, limit=MAX_ROWS)
    for item in items[:MAX_ROWS]:
        reading.row = ""
        if isinstance(item, Mapping) and isinstance(id_node := item.get("id"), Text):
            reading.row = id_node.text
        known = "id name name_en name_zh_hant when then" + _BECAUSE
        fields = reading.fields(item, "rules", known, "id name when then because")
        id = reading.id(fields.get("id"))
        if id in lines and id:
            reading.report("rule_file.duplicate_id", fields["id"], id=id, first=lines[id])
        lines.setdefault(id, item.line)
        when = _condition(reading, fields.get("when"), kinds, optional, lifted)
        rows.append(
            Row(
                id=id,
                names=reading.names(fields, "name", item) if "name" in fields else {},
                when=when,
                then=_then(reading, fields.get("then"), outputs, kinds),
                because=reading.names(fields, "because", item) if "because" in fields else {},
                line=item.line,
            )
        )
    reading.row = ""
    return tuple(rows)


def _condition(
    reading: Reading, node: Node | None, kinds: Map[str, str], optional: set[str], lifted: dict[str, Derived]
) -> Tree:
    """A condition with its constants computed; its arithmetic is added to `lifted`."""
    nothing = Literal(False)
    if node is None:
        return nothing
    read = reading.expression(node, kinds)
    if read is None:
        return nothing
    if read[1] != "boolean":
        reading.report("rule_file.wrong_type", node, text=read[0].text[:200], found=read[1], wanted="boolean")
        return nothing
    when = fold(read[0].tree)
    for side in operands(when):
        if isinstance(side, Literal):
            if isinstance(side.value, bool | str) or side.value is None:
                continue
            if has_more_decimals(side.value, COMPARED_DECIMALS):
                reading.report("rule_file.fine_constant", node, text=render(side))
            elif not isinstance(side.value, dt.date) and abs(side.value) > LARGEST:
                reading.report("rule_file.too_large_number", node, text=render(side))
        elif not isinstance(side, Name):
            _lift(side, kinds, optional, lifted)
    return when


def _lift(side: Tree, kinds: Map[str, str], optional: set[str], lifted: dict[str, Derived]) -> None:
    expression = expressions.compile(render(side), braces=False)
    kind = infer(side, kinds, lambda *_, **__: None) or ""
    lifted[expression.text] = Derived(expression.text, expression, kind, bool(expression.names & optional))


def _default(
    reading: Reading, node: Node | None, outputs: Map[str, Field], kinds: Map[str, str]
) -> Default | Refusing | None:
    if node is None or is_null(node):
        return None
    reading.row = "default"
    fields = reading.fields(node, "default", "then refuse refuse_en refuse_zh_hant" + _BECAUSE)
    default: Default | Refusing | None = None
    if ("then" in fields) == ("refuse" in fields):
        if fields or isinstance(node, Mapping):
            reading.report("rule_file.default_twice", node)
    elif "refuse" in fields:
        default = Refusing(reading.names(fields, "refuse", node))
    else:
        because = reading.names(fields, "because", node, required=False)
        default = Default(_then(reading, fields["then"], outputs, kinds), because, node.line)
    reading.row = ""
    return default


def _examples(
    reading: Reading, node: Node | None, inputs: Map[str, Field], outputs: Map[str, Field], hit: str
) -> tuple[Example, ...]:
    items = reading.items(node, "examples")
    if node is not None and not items:
        reading.report("rule_file.no_examples", node)
    found: list[Example] = []
    for item in items:
        fields = reading.fields(item, "examples", "given then refused", "given")
        given: dict[str, Value] = {}
        for key, value in _pairs(reading, fields.get("given"), "given"):
            if key.text not in inputs:
                reading.report("rule_file.example_unknown", key, name=key.text)
                continue
            # Whether it is in range is for the table to say: an example may show a refusal of inputs.
            read = None if is_null(value) else reading.value(value, inputs[key.text].type)
            given[key.text] = None if read is NOTHING else read
        for id, each in inputs.items():
            if each.required and given.get(id) is None and "given" in fields and id not in given:
                reading.report("rule_file.example_missing", fields["given"], name=id)
        refused = reading.boolean(fields.get("refused"), "refused", False)
        if refused == ("then" in fields):
            reading.report("rule_file.example_twice", item)
        then = _expected(reading, fields.get("then"), outputs, hit)
        found.append(Example(given, None if refused else then, item.line))
    return tuple(found)


def _expected(reading: Reading, node: Node | None, outputs: Map[str, Field], hit: str) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for key, value in _pairs(reading, node, "then"):
        output = outputs.get(key.text)
        if output is None:
            reading.report("rule_file.unknown_output", key, output=key.text)
            continue
        if hit == "collect":
            read = [reading.value(item, output.type) for item in reading.items(value, key.text)]
            found[key.text] = read
        else:
            found[key.text] = reading.value(value, output.type)
    return found


def _pairs(reading: Reading, node: Node | None, name: str) -> list[tuple[Text, Node]]:
    if node is None or is_null(node):
        return []
    if not isinstance(node, Mapping):
        reading.report("rule_file.wants_mapping", node, field=name)
        return []
    return list(node.items())


def _measure(reading: Reading, table: RuleFile) -> None:
    """Whether each condition stays within what the rule engine is safe with."""
    for row in table.rows:
        place = Node(row.line, 1)
        reading.row = row.id
        try:
            spread = alternatives(table, row.when)
        except TooManyAlternatives:
            reading.report("rule_file.too_many_alternatives", place, limit=MAX_ALTERNATIVES)
            continue
        longest = max((len(each) for each in spread), default=0)
        if longest > MAX_TESTS:
            reading.report("rule_file.too_many_terms", place, count=longest, limit=MAX_TESTS)
    reading.row = ""
