"""Reading single fields of a rule file: texts, names, values, expressions; each problem kept.

Not here: which fields there are (rulefile.py)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches

from runtime import expressions
from runtime.errors import Problem
from runtime.expressions import CannotEvaluate, Expression, Malformed
from runtime.rules import kinds as kinds_of
from runtime.rules.conditions import fold
from runtime.rules.problems import problem
from runtime.rules.table import LONGEST, Choice, Field, too_large
from runtime.values import Value
from runtime.yaml import Mapping, Node, Sequence, Text

RESERVED = frozenset(
    "or and not eq ne lt le gt ge in div mod empty true false null unset execution initiator".split()
) | frozenset(kinds_of.FUNCTIONS)
LANGUAGES = {"": "zh_Hans", "_en": "en", "_zh_hant": "zh_Hant"}
_INTEGER = re.compile(r"-?\d{1,34}", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,34}(\.\d{1,34})?", re.ASCII)


class Nothing:
    """A value that could not be read; its problem is in the list."""


NOTHING = Nothing()


@dataclass
class Reading:
    """One file being read: where we are and what has been found wrong."""

    file: str
    found: list[Problem] = field(default_factory=list)
    row: str = ""  # the rule that is being read, for `params["row"]`

    def report(self, code: str, node: Node, **params: object) -> None:
        where = {"row": self.row} if self.row else {}
        self.found.append(
            problem(code, file=self.file, line=node.line, column=node.column, **(where | params))
        )

    def fields(self, node: Node | None, name: str, known: str, required: str = "") -> Map[str, Node]:
        """The fields of a mapping; unknown and missing ones are reported."""
        if not isinstance(node, Mapping):
            if node is not None:
                self.report("rule_file.wants_mapping", node, field=name)
            return {}
        allowed = known.split()
        for key, _ in node.items():
            if key.text not in allowed:
                near = get_close_matches(key.text, allowed, 1, 0.7)
                code = "rule_file.unknown_field_near" if near else "rule_file.unknown_field"
                self.report(code, key, field=key.text, near=near[0] if near else "")
        present = {key.text: value for key, value in node.items() if key.text in allowed}
        for wanted in required.split():
            if wanted not in present:
                self.report("rule_file.missing_field", node, field=wanted)
        return present

    def entries(self, node: Node | None, name: str) -> list[tuple[Text, Node]]:
        """The named things of a mapping, each with a usable name."""
        if node is None or is_null(node):
            return []
        if not isinstance(node, Mapping):
            self.report("rule_file.wants_mapping", node, field=name)
            return []
        return [(key, value) for key, value in node.items() if self.id(key)]

    def items(self, node: Node | None, name: str) -> tuple[Node, ...]:
        if node is None or is_null(node):
            return ()
        if not isinstance(node, Sequence):
            self.report("rule_file.wants_list", node, field=name)
            return ()
        return node.items

    def id(self, node: Node | None) -> str:
        """A name that expressions can use; "" if it cannot."""
        if node is None or (not isinstance(node, Text)) or is_null(node):
            return self.text(node, "id")
        text = node.text
        if not text.isidentifier() or text.startswith("_") or len(text) > 64 or text in RESERVED:
            self.report("rule_file.bad_id", node, id=text[:80])
            return ""
        return text

    def text(self, node: Node | None, name: str) -> str:
        if node is None:
            return ""
        if not isinstance(node, Text) or is_null(node):
            self.report("rule_file.wants_text", node, field=name)
            return ""
        return node.text.strip()

    def names(self, fields: Map[str, Node], stem: str, parent: Node, required: bool = True) -> Map[str, str]:
        """`stem`, `stem_en` and `stem_zh_hant` by language. The first must be there if any is."""
        found = {
            language: self.text(fields[stem + ending], stem + ending)
            for ending, language in LANGUAGES.items()
            if stem + ending in fields
        }
        if not found and not required:
            return found
        if stem not in fields:
            self.report("rule_file.missing_field", parent, field=stem)
        missing = [stem + ending for ending in LANGUAGES if ending and stem + ending not in fields]
        if missing:
            self.report("rule_file.untranslated", parent, field=", ".join(missing))
        return found

    def one_of(self, node: Node | None, name: str, values: tuple[str, ...], default: str) -> str:
        if node is None:
            return default
        if not isinstance(node, Text) or node.text not in values:
            self.report("rule_file.wants_one_of", node, field=name, values=", ".join(values))
            return default
        return node.text

    def boolean(self, node: Node | None, name: str, default: bool) -> bool:
        if node is None:
            return default
        if not isinstance(node, Text) or not node.plain or node.text not in ("true", "false"):
            self.report("rule_file.wants_boolean", node, field=name)
            return default
        return node.text == "true"

    def whole_number(self, node: Node | None, name: str, minimum: int, maximum: int) -> int | None:
        if node is None:
            return None
        if isinstance(node, Text) and _INTEGER.fullmatch(node.text) and minimum <= int(node.text) <= maximum:
            return int(node.text)
        self.report("rule_file.wants_whole_number", node, field=name, minimum=minimum, maximum=maximum)
        return None

    def value(self, node: Node, type: str) -> Value | Nothing:
        """A written value of one of the types; NOTHING and a problem if it is none."""
        text = node.text if isinstance(node, Text) else ""
        if isinstance(node, Text) and not is_null(node):
            if type == "text" and len(text) <= LONGEST and "\0" not in text:
                return text
            if type == "boolean" and node.plain and text in ("true", "false"):
                return text == "true"
            if type in ("integer", "decimal") and _DECIMAL.fullmatch(text):
                number: int | Decimal = Decimal(text)
                if too_large(number):
                    self.report("rule_file.too_large_number", node, text=text)
                    return NOTHING
                if type == "decimal" or _INTEGER.fullmatch(text):
                    return number if type == "decimal" else int(text)
            if type == "date":
                try:
                    return dt.date.fromisoformat(text)
                except ValueError:
                    pass
        shown = text if isinstance(node, Text) else "…"
        self.report("rule_file.not_a_value", node, text=shown[:80], type=type)
        return NOTHING

    def value_of(self, node: Node, of: Field) -> Value | Nothing:
        """A value that also fits the field's range, values and decimals."""
        value = self.value(node, of.type)
        if value is NOTHING:
            return value
        if of.choices and value not in of.values:
            shown = ", ".join(str(choice) for choice in of.values)
            self.report("rule_file.not_a_choice", node, text=str(value), field=of.id, values=shown)
        elif not of.in_range(value):
            self.report("rule_file.out_of_range", node, text=str(value), field=of.id)
        elif of.decimals is not None and has_more_decimals(value, of.decimals):
            self.report("rule_file.too_many_decimals", node, text=str(value), limit=of.decimals)
        else:
            return value
        return NOTHING

    def choices(self, node: Node | None, type: str) -> tuple[Choice, ...]:
        """`[A, B]`, or a list of `{value, name, name_en, name_zh_hant}`."""
        found: dict[Value, Choice] = {}
        for item in self.items(node, "values"):
            written: Node | None = item
            names: Map[str, str] = {}
            if isinstance(item, Mapping):
                fields = self.fields(item, "values", "value name name_en name_zh_hant", "value")
                names = self.names(fields, "name", item)
                written = fields.get("value")
            value = self.value(written, type) if written else NOTHING
            if value in found:
                self.report("rule_file.duplicate_id", item, id=str(value), first=item.line)
            elif value is not NOTHING:
                found[value] = Choice(value, names)
        return tuple(found.values())

    def expression(self, node: Node, known: Map[str, str]) -> tuple[Expression, str] | None:
        """An expression over the `known` names and its type; None and problems if it is wrong."""
        if not isinstance(node, Text):
            self.report("rule_file.wants_text", node, field="expression")
            return None
        source = node.text.strip()
        source = source[1:].strip() if source.startswith("=") else source
        if not source:
            self.report("rule_file.empty_expression", node)
            return None
        try:
            expression = expressions.compile(source, braces=False)
        except Malformed as error:
            self._malformed(node, source, error)
            return None
        before = len(self.found)
        kind = kinds_of.infer(
            expression.tree, known, lambda code, **params: self.report(code, node, **params)
        )
        if kind is None or len(self.found) > before:
            return None
        try:
            fold(expression.tree)
        except CannotEvaluate:
            self.report("rule_file.cannot_fold", node, text=source[:200])
            return None
        return expression, kind

    def _malformed(self, node: Text, source: str, error: Malformed) -> None:
        line = error.params.get("line", 1)
        start = node.text.find(source) + (0 if node.plain else 1)
        column = error.params.get("column", 1) - 1 + (node.column + max(start, 0) if line == 1 else 1)
        line += node.line - 1
        params = error.params | {"line": line, "column": column} | ({"row": self.row} if self.row else {})
        # Its own sentence, so that its own translations serve.
        self.found.append(
            Problem(error.code, error.message, f"{line}:{column}", params, "error", self.file, line, column)
        )


def has_more_decimals(value: Value, limit: int) -> bool:
    """Whether `value` is a number with more than `limit` significant decimals (trailing zeros are none)."""
    if not isinstance(value, Decimal):
        return False
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and -exponent <= limit:
        return False
    return value != round(value, limit)


def is_null(node: Node) -> bool:
    """Whether the file says nothing here: empty, `null` or `~`."""
    return isinstance(node, Text) and node.plain and node.text in ("", "~", "null", "Null", "NULL")
