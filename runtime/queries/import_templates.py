"""Templates of imports: an Excel file to fill in, in the reader's language, made from the very columns that are read.

Not here: reading what was filled in (ledger/import_cells.py)."""

from __future__ import annotations

from runtime import i18n
from runtime.identity import Actor
from runtime.ledger.import_cells import EXPLAINED
from runtime.ledger.import_kinds import Column, Kind, kind_of
from runtime.ledger.imports import NotYourImport
from runtime.store.db import Transaction
from runtime.workbooks.write import Written, workbook

EXPLANATIONS = ("Sheet", "Heading", "Must be filled in", "What goes in", "Example")
HINTS = (
    "Fill in the other sheets; a sheet that you do not need stays empty. This sheet is not read.",
    "Headings stay as they are; their order does not matter. A column that you do not need may be deleted.",
    "Values only: a cell with a formula is refused. Copy it and paste it as a value.",
    "At most {rows} rows in a sheet.",
)


def template(tx: Transaction, actor: Actor, kind: str, language: str) -> tuple[str, bytes]:
    """File name and content. Raises UnknownImport, NotYourImport."""
    wanted = kind_of(kind)
    if not actor.groups & set(wanted.groups):
        raise NotYourImport(title=wanted.title, groups=", ".join(sorted(wanted.groups)))

    def say(sentence: str, **params: object) -> str:
        return i18n.say(language, sentence, **params)

    explained = [tuple(map(say, EXPLANATIONS))]
    for sheet in wanted.sheets:
        for column in sheet.columns:
            must = say("yes") if column.must else ""
            explained.append(
                (say(sheet.title), say(column.heading), must, say(column.explain), column.example)
            )
    explained += [(say(hint, rows=min(sheet.most for sheet in wanted.sheets)), "", "", "", "") for hint in HINTS]
    sheets = [
        Written(
            say(sheet.title),
            [[say(column.heading) for column in sheet.columns]],
            must=frozenset(place for place, column in enumerate(sheet.columns) if column.must),
            choices={
                place: _offered(column, language)
                for place, column in enumerate(sheet.columns)
                if column.choices and column.kind == "choice"
            },
            as_text=frozenset(
                place
                for place, column in enumerate(sheet.columns)
                if column.kind in ("code", "username", "text")
            ),
        )
        for sheet in wanted.sheets
    ]
    return _name(wanted, language), workbook([*sheets, Written(say(EXPLAINED), explained, wide=True)])


def _offered(column: Column, language: str) -> list[str]:
    return [i18n.label(language, dict(names), word) for word, names in column.choices.items()]


def _name(kind: Kind, language: str) -> str:
    return f"{i18n.say(language, kind.title)}.xlsx"
