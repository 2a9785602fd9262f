"""Bringing a company's books in from Excel: a dry run, control totals, a second person, taking it in once.

A dry run writes nothing but what it found. What is taken in is read anew from the same file and judged anew by the
books as they are then, whole or not at all; the same file is taken in once. Not here: the columns (import_kinds.py),
their cells (import_cells.py), what each kind writes (opening_import.py, commands/people_import.py)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from decimal import Decimal
from threading import Lock
from typing import Any, Literal, TypedDict

import sqlalchemy as sa

from runtime import workbooks
from runtime.errors import Conflict, Forbidden
from runtime.ids import public_id
from runtime.ledger import documents
from runtime.ledger.import_cells import rows_of
from runtime.ledger.import_kinds import Finding, Hands, Kind, Row, Rows, kind_of
from runtime.ledger.inputs import Money, Person, Pieces
from runtime.ledger.opening import FileGone
from runtime.ledger.operations import Call, operation, refuse
from runtime.store import accounts, files
from runtime.store.db import Instant, Tagged, Transaction, metadata
from runtime.values import File
from runtime.workbooks import Book

imports = sa.Table(
    "imports",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(20), nullable=False, unique=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("file", Tagged, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    # What the old system says, and what the file adds up to: count, quantity in pieces, amount in CNY.
    sa.Column("controls", Tagged, nullable=False),
    sa.Column("totals", Tagged, nullable=False),
    sa.Column("problems", sa.Integer, nullable=False),
    sa.Column("imported_by", sa.String(32), nullable=False),
    sa.Column("explanation", sa.Text),  # of differences from the control totals
    sa.Column("reviewed_by", sa.String(32)),
    sa.Column("reviewed_at", Instant),
    sa.Column("comment", sa.Text),
    sa.Column("taken_at", Instant),
    sa.Column("reconciliation", Tagged),  # rows: what, unit, file, books
    sa.CheckConstraint("reviewed_by <> imported_by", name="two_persons"),
    # The same content is in the books once.
    sa.Index(
        "uq_imports_taken",
        "kind",
        "sha256",
        unique=True,
        sqlite_where=sa.text("state = 'taken'"),
        postgresql_where=sa.text("state = 'taken'"),
    ),
)

NEXT = {
    "read": {"read", "submitted", "given_up"},
    "submitted": {"read", "approved"},
    # What no longer fits the books goes back to its dry run.
    "approved": {"read", "taken"},
    "taken": {"taken"},
}
MEASURES = ("count", "quantity", "amount")
MOST_SHOWN = 500  # problems, and rows, in a form
KEPT_READINGS = 4


class NotYetFit(Conflict):
    """There are {count} problems left: correct the file and upload it again, or give the import up."""

    code = "import.not_yet_fit"


class DifferenceUnexplained(Conflict):
    """The file differs from your control totals: correct one or the other, or explain the difference."""

    code = "import.difference_unexplained"


class BooksMoved(Conflict):
    """The books have changed since the dry run: {count} rows no longer fit. The import goes back to its dry run."""

    code = "import.books_moved"


class SameImportHands(Conflict):
    """Whoever brings a file in does not approve it."""

    code = "import.same_hands"


class DifferenceNotAccepted(Conflict):
    """The file differs from the control totals; approve it only with the difference accepted."""

    code = "import.difference_not_accepted"


class NotYourImport(Forbidden):
    """Bringing in {title} is for these groups: {groups}."""

    code = "import.not_yours"


class DryRun(TypedDict):
    document: str
    number: str
    problems: list[dict[str, Any]]
    problem_count: int
    totals: list[dict[str, Any]]
    comparison: list[dict[str, Any]]
    differing: bool
    lines: list[dict[str, Any]]
    sha256: str


class Reconciled(TypedDict):
    reconciliation: list[dict[str, Any]]
    agrees: bool


@operation("imports.dry_run")
def dry_run(
    call: Call,
    kind: str,
    file: File,
    by: Person,
    count: Pieces | None = None,
    quantity: Pieces | None = None,
    amount: Money | None = None,
    document: str | None = None,
) -> DryRun:
    """Read a file and say all that is wrong with it, what it adds up to, and how that differs from the control totals
    `count`, `quantity` and `amount` of the old system. Nothing is taken in.

    problems: sheet, row, column, found, problem and remedy of each, at most 500 · totals: what, count, quantity
    and amount of each part · comparison: measure, file, control and difference · lines: sheet, row, what, detail,
    quantity and amount, the first 500 · sha256: by which the file is fetched. `document`: the import's id, when another
    file or other totals are tried."""
    tx, wanted = call.tx, kind_of(kind)
    _require_group(tx, wanted, by)
    rows, findings = _examine(call, wanted, file)
    sums = _sums(wanted, tx, rows)
    given = {"count": count, "quantity": quantity, "amount": amount}
    controls = {measure: given[measure] for measure in wanted.measures}
    values: dict[str, Any] = {
        "file": file,
        "sha256": file.sha256,
        "controls": controls,
        "totals": sums,
        "problems": len(findings),
        "imported_by": by,
        "reviewed_by": None,
        "reviewed_at": None,
    }
    if document is None:
        document, number = public_id(), documents.next_number(tx, "IM", call.today.year)
        heading = {"public_id": document, "number": number, "case": call.case, "at": call.now}
        documents.add(tx, imports, **heading, kind=kind, state="read", **values)
    else:
        row = documents.get(tx, imports, document)
        number = row.number
        documents.change(tx, imports, row, "read", NEXT, **values)
    comparison = _compare(wanted, sums, controls)
    return {
        "document": document,
        "number": number,
        "problems": [_told(finding) for finding in findings[:MOST_SHOWN]],
        "problem_count": len(findings),
        "totals": [vars(total) for total in wanted.totals(tx, rows)],
        "comparison": comparison,
        "differing": any(row["difference"] for row in comparison),
        "lines": [vars(line) for line in wanted.lines(tx, rows)[:MOST_SHOWN]],
        "sha256": file.sha256,
    }


@operation("imports.submit", errors=("not_fit",))
def submit(call: Call, document: str, by: Person, explanation: str | None = None) -> None:
    """Hand an import in for the second person. BPMN error: not_fit, while a row has a problem, or a difference from
    the control totals is not explained."""
    row = documents.get(call.tx, imports, document)
    if row.problems:
        raise refuse("not_fit", NotYetFit(count=row.problems))
    if _differs(row) and not (explanation or "").strip():
        raise refuse("not_fit", DifferenceUnexplained())
    documents.change(
        call.tx,
        imports,
        row,
        "submitted",
        NEXT,
        imported_by=by,
        explanation=explanation if _differs(row) else None,
    )


@operation("imports.review")
def review(
    call: Call,
    document: str,
    decision: Literal["approve", "return"],
    by: Person,
    comment: str | None = None,
    difference_accepted: bool = False,
) -> None:
    """What the second person says of an import; a difference from the control totals is theirs to accept.

    Raises SameImportHands, DifferenceNotAccepted."""
    row = documents.get(call.tx, imports, document)
    if by == row.imported_by:
        raise SameImportHands()
    if decision == "approve" and _differs(row) and not difference_accepted:
        raise DifferenceNotAccepted()
    state = "approved" if decision == "approve" else "read"
    documents.change(
        call.tx, imports, row, state, NEXT, reviewed_by=by, reviewed_at=call.now, comment=comment
    )


@operation("imports.take", errors=("books_moved",))
def take(call: Call, document: str) -> None:
    """Take an approved import into the books, all of it, once.

    BPMN error: books_moved, if something in it no longer fits them; then nothing was taken in."""
    row = documents.get(call.tx, imports, document)
    wanted = kind_of(row.kind)
    documents.require_state(row, "approved")
    rows, findings = _examine(call, wanted, row.file)
    if findings:
        raise refuse("books_moved", BooksMoved(count=len(findings)))
    wanted.take(call, rows, row.public_id, Hands(row.imported_by, row.reviewed_by))
    documents.change(call.tx, imports, row, "taken", NEXT, taken_at=call.now)


@operation("imports.reconcile")
def reconcile(call: Call, document: str) -> Reconciled:
    """What the books say now of an import that was taken in, beside its file; it is kept with the import.

    reconciliation: what, unit (rows | pieces | matched_rows), file, books and difference of each part."""
    row = documents.get(call.tx, imports, document)
    wanted = kind_of(row.kind)
    documents.require_state(row, "taken")
    rows, _ = rows_of(wanted, _book(call.tx, row.file))
    found = [
        {**vars(each), "difference": each.books - each.file}
        for each in wanted.compare(call.tx, rows, row.public_id)
    ]
    documents.change(call.tx, imports, row, "taken", NEXT, reconciliation=found)
    return {"reconciliation": found, "agrees": not any(each["difference"] for each in found)}


@operation("imports.give_up")
def give_up(call: Call, document: str) -> None:
    """Nothing of it is taken in, now or later."""
    row = documents.get(call.tx, imports, document)
    documents.change(call.tx, imports, row, "given_up", NEXT)


def _require_group(tx: Transaction, kind: Kind, person: str) -> None:
    row = accounts.find(tx, public_id=person)
    if row is None or not accounts.groups_of(tx, row.id) & set(kind.groups):
        raise NotYourImport(title=kind.title, groups=", ".join(sorted(kind.groups)))


def _examine(call: Call, kind: Kind, file: File) -> tuple[Rows, list[Finding]]:
    """The file's rows, and everything that is wrong with them: file, sheets, cells, then the books."""
    rows, findings = rows_of(kind, _book(call.tx, file))
    same = sa.select(imports.c.number).where(
        imports.c.kind == kind.name, imports.c.sha256 == file.sha256, imports.c.state == "taken"
    )
    earlier = call.tx.scalar(same)
    if earlier is not None:
        # Each of its rows would only say the same once more.
        return rows, [Finding("same_file", found=earlier), *findings]
    return rows, sorted([*findings, *kind.judge(call, rows)], key=lambda finding: _place(kind, finding))


def _place(kind: Kind, finding: Finding) -> tuple[int, int, int]:
    """Where in the file a finding stands: from its first sheet on, down its rows, from left to right."""
    sheets = [sheet.key for sheet in kind.sheets]
    if finding.sheet not in sheets:
        return -1, 0, 0
    columns = [column.key for column in kind.sheet(finding.sheet).columns]
    row = finding.row.number if isinstance(finding.row, Row) else finding.row or 0
    return sheets.index(finding.sheet), row, columns.index(finding.column) if finding.column in columns else -1


_readings: OrderedDict[str, Book] = OrderedDict()
_turn = Lock()


def _book(tx: Transaction, file: File) -> Book:
    """The file as the child process read it; the last few are remembered, since dry run, taking in and
    reconciliation ask for the same one. Raises FileGone."""
    with _turn:
        if file.sha256 in _readings:
            _readings.move_to_end(file.sha256)
            return _readings[file.sha256]
    kept = files.content(tx, file.sha256)
    if kept is None:
        raise FileGone(file=file.name)
    book = workbooks.read(bytes(kept.content))
    if book.problem != "too_slow":
        with _turn:
            _readings[file.sha256] = book
            while len(_readings) > KEPT_READINGS:
                _readings.popitem(last=False)
    return book


def _sums(kind: Kind, tx: Transaction, rows: Rows) -> dict[str, Any]:
    parts = kind.totals(tx, rows)
    found: dict[str, Any] = {
        "count": len(rows.get(kind.counted, ())),
        "quantity": sum(part.quantity or 0 for part in parts),
        "amount": sum((part.amount or Decimal(0) for part in parts), Decimal(0)),
    }
    return {measure: found[measure] for measure in kind.measures}


def _compare(kind: Kind, sums: Mapping[str, Any], controls: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "measure": measure,
            "file": sums[measure],
            "control": controls.get(measure),
            "difference": sums[measure] - (controls.get(measure) or 0),
        }
        for measure in kind.measures
    ]


def _differs(row: Any) -> bool:
    """Whether the file and the control totals of an import are not the same."""
    return any(row["difference"] for row in _compare(kind_of(row.kind), row.totals, row.controls))


def _told(finding: Finding) -> dict[str, Any]:
    """As a form shows it, which has the names of sheets and columns and both sentences of a problem."""
    return {
        "sheet": finding.sheet,
        "row": finding.row.number if isinstance(finding.row, Row) else finding.row,
        "column": finding.column,
        "found": finding.found[:120] or None,
        "problem": finding.problem,
        "remedy": finding.problem,
    }
