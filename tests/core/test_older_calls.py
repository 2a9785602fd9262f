"""What a shipped diagram ever called of the books goes on working: cases keep the diagrams that they began with.

older_calls.json holds each call that a shipped diagram ever had, also of those that were never released. Whoever takes
away an operation, an input, a result or an error, or adds what must be given or can be thrown, is stopped here and
decides: keep it (`kept=True`, runtime/ledger/older.py; `Call.catches`), or say below why no case can meet it."""

from __future__ import annotations

import os

from runtime.ledger import operations
from tests.core import older_calls
from tests.core.older_calls import Shape

KEPT = older_calls.kept()

# (operation, error) that older diagrams do not catch → what becomes of their cases.
THROWN_SINCE = {
    ("awards.approve", "over_budget"): "allowed by whoever approved it: budgets.commit_approved",
    ("training.decide_plan", "over_budget"): "allowed by whoever approved it: budgets.commit_approved",
    ("sales.confirm", "beyond_credit"): "taken, and the superior is told by an issue: receivables.confirm",
    ("sales.confirm", "same_person"): "only with `released_by`, which older diagrams do not give",
    ("training.attended", "over_budget"): "only with `cost`, which older diagrams do not give",
    (
        "sales.ship",
        "reserved_lost",
    ): "stopped the case before, too; tried again once it is in stock",
    ("payments.receivable", "collected_elsewhere"): "only with `collect`, which older diagrams do not give",
    ("analysis.submit", "no_recommendation"): "stopped the case before, too, as a report without lines",
    ("retention.propose", "nobody_confirms"): "only where the change would have come back from its second person",
    ("issues.decide", "over_budget"): "only with `budgeted`, which older diagrams do not give",
    ("returns.receive", "warehouse_closed"): "stopped the case before, too; tried again once it is open",
    ("returns.dispose", "warehouse_closed"): "stopped the case before, too; tried again once it is open",
    ("inventory.receive", "warehouse_closed"): "stopped the case before, too; tried again once it is open",
    ("purchasing.record_plan", "bad_lines"): "stopped the case before, too, as an invalid line",
    ("purchasing.match_contract", "bad_lines"): "only where it is caught; sign_contract refuses it as before",
    ("sales.record_order", "bad_lines"): "stopped the case before, too, as an invalid line",
    (
        "sales.record_order",
        "customer_blocked",
    ): "recorded, and the superior is told by an issue: receivables.confirm",
}
# A rule that an operation came to ask may lack a figure. That stops current diagrams as well: the administrator amends
# the rule, and the case is tried again.
FIGURES = "rule_refused"

# Nobody who may not do it is ever asked: what the diagram excludes, tried on every deciding task by tests/acceptance.
EXCLUDED = "same_person"
# (operation, error) that shipped diagrams do not catch → why nobody at a form can cause it, or who mends it.
NOT_CAUGHT = {
    ("ledger.open_books", "already_open"): "nobody can start it; the demo does, once",
    ("exports.make", "bad_export"): "its days gained rows beyond the most: a shorter period is asked for anew",
    ("leavings.change_day", "bad_day"): "the form takes no day that has passed",
    ("purchasing.record_plan", "bad_lines"): "one line, of a component with an open alert, which cannot be delisted",
    ("stocktake.record", "bad_lines"): "the sheet's own rows, which cannot be added to, removed or renamed",
    ("stocktake.explain", "cause_missing"): "the count's own rows, and each must have a cause",
    ("sales.confirm", "beyond_credit"): "taken, and the superior is told by an issue: receivables.confirm",
    ("training.decide_plan", "over_budget"): "only where it is approved; this step rejects the plan",
    ("bonuses.prepare", "not_settled"): "it follows the step that settles the appraisal",
}


def problems(shape: Shape) -> list[str]:
    """What a case with this call would meet today."""
    found = operations.OPERATIONS.get(shape.topic)
    if found is None:
        return [f"{shape.topic} is gone"]
    needed = {name for name, field in found.inputs.items() if field.required}
    thrown = set() if "*" in shape.catches else {*found.errors} - {*shape.catches, *shape.uncaught, FIGURES}
    return [
        *(f"{shape.topic} takes no {name} any more" for name in shape.inputs if name not in found.inputs),
        *(f"{shape.topic} needs {name}, which is not given" for name in sorted(needed - {*shape.inputs})),
        *(f"{shape.topic} gives no {name} any more" for name in shape.outputs if name not in found.outputs),
        *(
            f"{shape.topic} may throw {code}, which is not caught"
            for code in sorted(thrown)
            if (shape.topic, code) not in THROWN_SINCE
        ),
    ]


def test_what_older_diagrams_call_is_still_answered() -> None:
    met = {f"{', '.join(where)}: {problem}" for shape, where in KEPT.items() for problem in problems(shape)}
    assert met == set()


def test_no_error_that_somebody_at_a_form_could_mend_stops_a_case() -> None:
    not_caught = {
        (shape.topic, code)
        for shape in older_calls.current()
        for code in shape.uncaught
        if code not in (EXCLUDED, FIGURES)
    }
    assert not_caught == set(NOT_CAUGHT)


def test_what_is_decided_about_errors_is_of_errors_that_can_come() -> None:
    possible = {
        (shape.topic, code)
        for shape in KEPT
        if "*" not in shape.catches
        for code in operations.OPERATIONS[shape.topic].errors
        if code not in (*shape.catches, *shape.uncaught)
    }
    assert set(THROWN_SINCE) <= possible


def test_every_call_of_a_shipped_diagram_is_kept() -> None:
    if os.environ.get("UPDATE_DOCS"):
        older_calls.add()
    missing = [shape for shape in older_calls.current() if shape not in older_calls.kept()]
    assert missing == [], "python -m tests.core.older_calls adds them"


def test_operations_that_are_only_kept_are_called_by_no_shipped_diagram() -> None:
    kept = {topic for topic, found in operations.OPERATIONS.items() if found.kept}
    assert kept == {"inventory.set_parameters", "wages.record"}
    assert not kept & {shape.topic for shape in older_calls.current()}
    assert not kept & set(operations.signatures())
    # Somebody's case may still come to each.
    assert kept <= {shape.topic for shape in KEPT}


def test_a_call_that_would_stop_a_case_is_seen() -> None:
    assert problems(Shape("stock.gone", (), (), (), ())) == ["stock.gone is gone"]
    told = problems(Shape("awards.pay", ("award", "on"), ("paid",), (), ()))
    assert told == [
        "awards.pay takes no on any more",
        "awards.pay needs by, which is not given",
        "awards.pay gives no paid any more",
        "awards.pay may throw same_person, which is not caught",
    ]
