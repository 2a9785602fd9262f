"""Stocktakes: snapshot, blind count, variances and what is posted for them.

A stocktake has sheets, one a warehouse and few lines; what the books say stays here until all
sheets are in. Surplus and loss are kept and posted apart, never against each other. Not here:
which components are due (counting.py), how much variance is tolerated (rules/count_tolerance.yaml)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal, NotRequired, TypedDict

import sqlalchemy as sa

from runtime.errors import Invalid
from runtime.ids import public_id
from runtime.ledger import catalogue, counting, documents, stock
from runtime.ledger.counting import stocktake_lines, stocktake_sheets, stocktakes
from runtime.ledger.inputs import Person, Pieces
from runtime.ledger.operations import Call, operation, refuse

NEXT = {
    "counting": {"counting", "judged", "agreed"},
    "judged": {"judged", "counting", "posted"},
}
SHEET_NEXT = {"open": {"open", "done"}}
CAUSES = Literal["miscount", "misplaced", "unrecorded", "damage", "theft", "wrong_component", "other"]


class NotOnTheSheet(Invalid):
    """A count names each component of its sheet once, and nothing else: {component}."""

    code = "stocktake.not_on_the_sheet"


class CauseMissing(Invalid):
    """Each variance needs a cause: {component} in {warehouse} has none."""

    code = "stocktake.cause_missing"


class Counted(TypedDict):
    component: str
    counted: Pieces
    note: NotRequired[str]


class Explained(TypedDict):
    component: str
    warehouse: str
    cause: CAUSES
    cause_note: NotRequired[str]


class Opened(TypedDict):
    count: str | None
    number: str | None
    sheets: list[dict[str, Any]]
    lines_total: int


class Sheet(TypedDict):
    number: str
    warehouse: str
    warehouse_name: str
    lines: list[dict[str, Any]]
    excluded: list[str]


class Again(TypedDict):
    recount_total: int
    lines: list[dict[str, Any]]
    excluded: list[str]


class Judged(TypedDict):
    agreed: bool
    loss: Decimal
    surplus: Decimal
    beyond: int
    variances: list[dict[str, Any]]
    counters: list[str]


class Involved(TypedDict):
    involved: list[str]


class Reopened(TypedDict):
    sheets: list[dict[str, Any]]


class Posted(TypedDict):
    posted: int


@operation("stocktake.open", errors=("rule_refused",))
def open_count(
    call: Call,
    kind: Literal["cycle", "spot"],
    opened_by: Person | None = None,
    warehouse: str | None = None,
    components: list[str] | None = None,
    barred: list[Person] | None = None,
) -> Opened:
    """Begin a stocktake of what is due by the ABC class, or of the components that are named.

    `barred`: who may not count, beside those who kept the record.
    Each sheet has `sheet` and `lines`, how many. What stands on an open sheet already is left
    out; without anything to count there is no stocktake and `lines_total` is 0."""
    items = counting.due(call, kind == "cycle", warehouse, components)
    if not items:
        return {"count": None, "number": None, "sheets": [], "lines_total": 0}
    tx, count = call.tx, public_id()
    number = documents.next_number(tx, "CT", call.today.year)
    count_id = documents.add(
        tx,
        stocktakes,
        public_id=count,
        number=number,
        case=call.case,
        at=call.now,
        state="counting",
        kind=kind,
        opened_by=opened_by,
    )
    sheets = counting.write_sheets(call, count_id, number, kind, items, barred or ())
    return {"count": count, "number": number, "sheets": sheets, "lines_total": len(items)}


@operation("stocktake.take_sheet")
def take_sheet(call: Call, sheet: str) -> Sheet:
    """What is on a sheet, without what the books say; `excluded` may not count it.

    Each line has component and component_name. From now until it is done, whoever may count it
    does not see the components' stock."""
    tx = call.tx
    row = documents.get(tx, stocktake_sheets, sheet)
    documents.change(tx, stocktake_sheets, row, "open", SHEET_NEXT, counting_case=call.case)
    warehouses = catalogue.warehouses
    [place] = tx.all(sa.select(warehouses).where(warehouses.c.id == row.warehouse_id))
    lines = [_asked(line) for line in counting.lines_of(tx, sheets=[row.id])]
    return {
        "number": row.number,
        "warehouse": place.code,
        "warehouse_name": catalogue.name(place),
        "lines": lines,
        "excluded": list(row.excluded),
    }


@operation("stocktake.record", errors=("bad_lines", "same_person", "rule_refused"))
def record(call: Call, sheet: str, lines: list[Counted], by: Person) -> Again:
    """Keep what was counted, and tell what must be counted again.

    `why` of a line: moved, since a movement overtook the count (it has a new snapshot) · beyond,
    since the variance is not tolerated, once and by somebody else: `excluded`. Neither tells what
    the books say. With nothing to recount the sheet is done. BPMN errors: bad_lines, unless
    exactly the open lines are told; same_person, if they may not count this sheet."""
    tx = call.tx
    row = documents.get(tx, stocktake_sheets, sheet)
    documents.require_state(row, "open")
    if by in row.excluded:
        raise refuse("same_person", documents.SamePerson())
    open_lines = [line for line in counting.lines_of(tx, sheets=[row.id]) if line.state != "done"]
    told = {line["component"]: line for line in lines}
    for sku in [line["component"] for line in lines] + [line.sku for line in open_lines]:
        if sku not in told or len(told) != len(lines) or sku not in {line.sku for line in open_lines}:
            raise refuse("bad_lines", NotOnTheSheet(component=sku))
    facts = [counting.facts(line, told[line.sku]["counted"]) for line in open_lines]
    outcomes = call.decide_many("count_tolerance", facts)
    # The new snapshot holds the balances, so nothing moves between it and the look at what has moved.
    fresh = counting.snapshot(tx, row.warehouse_id, [line.component_id for line in open_lines])
    moved = counting.overtaken(tx, row.warehouse_id, open_lines)
    again: list[dict[str, Any]] = []
    barred: set[str] = set()
    for line, outcome in zip(open_lines, outcomes, strict=True):
        values: dict[str, Any] = {
            "counted": told[line.sku]["counted"],
            "counted_by": by,
            "counted_at": call.now,
            "note": told[line.sku].get("note"),
            "state": "done",
        }
        if line.component_id in moved:
            values |= {"state": "again", "why": "moved", **fresh[line.component_id]}
        elif not outcome["within"] and line.why != "beyond":
            values |= {
                "state": "again",
                "why": "beyond",
                "first_counted": values["counted"],
                "first_counted_by": by,
            }
            barred.add(by)
        if values["state"] == "again":
            again.append(_asked(line) | {"why": values["why"]})
        tx.execute(sa.update(stocktake_lines).where(stocktake_lines.c.id == line.id).values(**values))
    excluded = sorted({*row.excluded, *barred})
    state = "open" if again else "done"
    documents.change(tx, stocktake_sheets, row, state, SHEET_NEXT, excluded=excluded)
    return {"recount_total": len(again), "lines": again, "excluded": excluded}


@operation("stocktake.judge", errors=("rule_refused",))
def judge(call: Call, count: str) -> Judged:
    """Compare what was counted with the books, line by line; with no variance it is agreed and done.

    variances: component, component_name, warehouse, book, counted, variance (pieces, signed), value
    (CNY), abc_class, within. loss and surplus: CNY of each, never netted. beyond: lines that are
    not tolerated. counters: who counted."""
    tx = call.tx
    row = documents.get(tx, stocktakes, count)
    lines = counting.lines_of(tx, count=row.id)
    outcomes = call.decide_many("count_tolerance", [counting.facts(line, line.counted) for line in lines])
    variances, totals, beyond = [], {1: Decimal(0), -1: Decimal(0)}, 0
    for line, outcome in zip(lines, outcomes, strict=True):
        variance = line.counted - line.book
        if not variance:
            continue
        value = (abs(variance) * line.unit_price).quantize(Decimal("0.01"), ROUND_HALF_UP)
        totals[1 if variance > 0 else -1] += value
        beyond += not outcome["within"]
        variances.append(_variance(line, variance, value, bool(outcome["within"])))
        tx.execute(
            sa.update(stocktake_lines)
            .where(stocktake_lines.c.id == line.id)
            .values(variance=variance, within=bool(outcome["within"]))
        )
    documents.change(
        tx, stocktakes, row, "judged" if variances else "agreed", NEXT, surplus=totals[1], loss=totals[-1]
    )
    return {
        "agreed": not variances,
        "loss": totals[-1],
        "surplus": totals[1],
        "beyond": beyond,
        "variances": variances,
        "counters": _counters(lines),
    }


@operation("stocktake.explain", errors=("same_person", "cause_missing"))
def explain(call: Call, count: str, lines: list[Explained], by: Person) -> Involved:
    """Keep the cause of each variance. `involved`: who counted and who explained.

    BPMN errors: same_person, if they counted; cause_missing."""
    tx = call.tx
    row = documents.get(tx, stocktakes, count)
    counted = counting.lines_of(tx, count=row.id)
    if by in _counters(counted):
        raise refuse("same_person", documents.SamePerson())
    told = {(line["component"], line["warehouse"]): line for line in lines}
    for line in counted:
        if not line.variance:
            continue
        said = told.get((line.sku, line.code))
        if said is None:
            raise refuse("cause_missing", CauseMissing(component=line.sku, warehouse=line.code))
        values = {"cause": said["cause"], "cause_note": said.get("cause_note")}
        tx.execute(sa.update(stocktake_lines).where(stocktake_lines.c.id == line.id).values(**values))
    documents.change(tx, stocktakes, row, "judged", NEXT, explained_by=by)
    return {"involved": [*_counters(counted), by]}


@operation("stocktake.reopen", errors=("rule_refused",))
def reopen(call: Call, count: str, reason: str) -> Reopened:
    """Have every variance counted again, from a new snapshot, by others than before and than who explained it."""
    tx = call.tx
    row = documents.get(tx, stocktakes, count)
    wrong = [line for line in counting.lines_of(tx, count=row.id) if line.variance]
    explained = [row.explained_by] if row.explained_by else []  # they know what the books say
    documents.change(tx, stocktakes, row, "counting", NEXT, recount_reason=reason)
    tx.execute(
        sa.update(stocktake_lines)
        .where(stocktake_lines.c.id.in_([line.id for line in wrong]))
        .values(replaced=True)
    )
    items = [counting.Item(line.component_id, line.warehouse_id, line.abc_class) for line in wrong]
    sheets = counting.write_sheets(call, row.id, row.number, row.kind, items, barred=[*_counters(wrong), *explained])
    return {"sheets": sheets}


@operation("stocktake.post", errors=("same_person", "below_zero", "warehouse_closed"))
def post(call: Call, count: str, approved_by: Person) -> Posted:
    """Post each variance as a movement of its own, surplus or loss; how many.

    BPMN errors: same_person, if the approver counted, or explained a variance beyond what is
    tolerated; below_zero, if pieces that are missing have left meanwhile; warehouse_closed, if a surplus lies in
    one that is."""
    tx = call.tx
    row = documents.get(tx, stocktakes, count)
    lines = [line for line in counting.lines_of(tx, count=row.id) if line.variance]
    beyond = any(not line.within for line in lines)
    if approved_by in _counters(lines) or (beyond and approved_by == row.explained_by):
        raise refuse("same_person", documents.SamePerson())
    documents.change(tx, stocktakes, row, "posted", NEXT, approved_by=approved_by)
    try:
        for kind, sign in (("surplus", 1), ("loss", -1)):
            _post(call, row, kind, [line for line in lines if line.variance * sign > 0])
    except stock.StockShort as error:
        raise refuse("below_zero", counting.untold(tx, error)) from error
    except catalogue.WarehouseClosed as error:
        raise refuse("warehouse_closed", error) from error
    return {"posted": len(lines)}


def _post(call: Call, row: Any, kind: str, lines: Sequence[Any]) -> None:
    postings = [stock.Posting(line.component_id, line.warehouse_id, line.variance) for line in lines]
    counted = max(line.counted_at for line in lines).astimezone(call.zone).date() if lines else None
    stock.post(call, kind, postings, document=row.public_id, reason=row.number, moved_on=counted)


def _asked(line: Any) -> dict[str, Any]:
    return {"component": line.sku, "component_name": catalogue.name(line)}


def _variance(line: Any, variance: int, value: Decimal, within: bool) -> dict[str, Any]:
    return _asked(line) | {
        "warehouse": line.code,
        "book": line.book,
        "counted": line.counted,
        "variance": variance,
        "value": value,
        "abc_class": line.abc_class,
        "within": within,
        "cause": line.cause,
        "cause_note": line.cause_note,
    }


def _counters(lines: Collection[Any]) -> list[str]:
    found: Mapping[str, None] = dict.fromkeys(
        person for line in lines for person in (line.counted_by, line.first_counted_by) if person
    )
    return sorted(found)
