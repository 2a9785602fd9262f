"""Where the demo leaves something waiting on every date and with every seed, and where it need not and why.

Asked in plain SQL of a copy of an embedded database (conservation), against the diagrams as they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from runtime.bpmn import read
from runtime.bpmn.model import Node
from tests import conservation

# What requirements B names as exceptions of processes, where they wait for somebody.
EXCEPTIONS = {
    "plan_approval.review_by_lead",  # over budget or limit
    "budget_check.allow_overrun",  # frozen, or beyond what was allowed
    "contract_clearance.review_deviation",
    "purchase_execution.handle_late_arrival",
    "purchase_plan.draft_plan",  # purchasing sent it back, or the supplier cancelled
    "expense_claim.revise_claim",
    "goal_progress.report_progress",
    "customer_issue.propose_remedy",  # not solved in time
    "purchase_execution.handle_shortage",
    "goods_receipt.dispose_rejects",
    "goods_receipt.approve_concession",
    "replenishment_alert.acknowledge_overdue_alert",
    "stock_parameters_change.propose_parameters",
    "stock_anomaly.handle_late_anomaly",
    "count_sheet.count_goods",
    "count_sheet.recount_goods",  # overtaken by a movement
    "variance_approval.review_loss",
    "variance_approval.book_loss",
    "stock_allocation.decide_shortage",
    "sales_order.ask_customer",
    "order_shipment.decide_missing_goods",
    "order_change.tell_customer",
    "payment_collection.record_payment",
    "sales_order.settle_order",
    "leave_request.weigh_balance",
    "superior_approval.review_request",  # the approver is away, or late
    "sick_note.decide_without_note",
    "employee_appraisal.name_superior",
    "employee_appraisal.tell_leaver",
    "employee_appraisal.assess_employee",  # without a self-assessment
    "appraisal_appeal.decide_overdue_appeal",
    "unit_calibration.calibrate_instead",  # assessed late, and not calibrated in time
    "employee_bonus.set_bonus_rate",
    "award_nomination.find_money",
    "career_move.weigh_vacancy",
    "training_plan.draft_training_plan",  # over budget
    "training_event.hold_resit",
    "errand.do_errand",
    "notice_reading.read_notice",
    "budget_freeze.decide_freeze",
    "period_close.review_open_items",
    "issue_escalation.answer_issue",
    "confidentiality_breach.assess_breach",
    "data_export.clear_export",
    "product_listing.decide_late_change",
    "second_person.review_late_change",
    "import_review.check_import",  # with problems
    "import_review.review_import",
}

# After these nobody waits, and why: what only some waited for ends or goes on by itself …
GOES_ON = {
    "appeal_ruling.ruling_unread": "the appeals of its last month wait to be decided",
    "attendance_review.explanation_missed": "what was not explained counts",
    "career_development.plan_unconfirmed": "the plan is recorded with a note",
    "career_move.effective_day": "the position is changed, as was agreed",
    "data_export.export_expired": "the file is gone",
    "employee_appraisal.appeal_window_closed": "the result is settled",
    "leave_request.taken_back": "the request is over",
    "leave_request.taken_back_at_revise_leave": "the request is over",
    "leave_request.taken_back_at_weigh_balance": "the request is over",
    "meeting_update.update_missed": "the meeting is held without it",
    "notice.notice_taken_back": "nobody is to read it any more",
    "order_fulfilment.changed_while_reserving": "the order goes on as it was changed",
    "order_fulfilment.changed_while_shipping": "the order goes on as it was changed",
    "payment_collection.receivable_changed": "what is owed is reckoned anew",
    "purchase_execution.arrival_announced": "goods are inspected, as after follow_arrival",
    "training_feedback.feedback_missed": "the training goes without it",
    "training_need.need_missed": "the plan goes without it",
    # … or it would need what the demo does not do.
    "data_repair.repair_late": "its data are good",
    "improvement_plan.statement_missed": "its one plan is disputed, and waits for that",
    "improvement_plan.plan_unanswered": "its one plan is disputed, and waits for that",
    "issue_remedy.replacement_late": "as issue_remedy.refund_late, which waits",
    "period_close.items_linger": "finance answers within the day; what waits is the division lead's word",
}
# Two months after an order: only the eighteen months have them.
LATER = {"payment_collection.payment_unpaid", "payment_collection.payment_overdue"}
# What the books refuse comes back with the reason at once, mostly as the form that was handed in: these stand for all.
REFUSED = {
    "contract_clearance.lines_refused",
    "employee_appraisal.superior_unknown",
    "employee_bonus.rate_unset",
    "expense_claim.claim_unfit",
    "goal_plan.goals_unfit",
    "leaving.plan_unfit",
    "order_change.change_impossible",
    "order_shipment.goods_missing",
    "payment_collection.payment_refused",
    "sales_order.amounts_differ",
}


def missing(database: Path, *, months: float = 1) -> list[str]:
    """At which exceptions, and after which boundary events, nobody waits though somebody should."""
    there = boundary_events()
    refused = {name for name, node in there.items() if node.trigger is not None and node.trigger.kind == "error"}
    waits = conservation.happened(database)
    excused = GOES_ON.keys() | refused | (LATER if months < 3 else set())
    return [
        *(f"no task: {name}" for name in sorted(EXCEPTIONS - conservation.waiting(database).keys())),
        *(f"not refused: {name}" for name in sorted(REFUSED - (refused & waits))),
        *(f"not come to: {name}" for name in sorted(there.keys() - waits - excused)),
    ]


def boundary_events() -> dict[str, Node]:
    """Of every diagram, by "process.element"."""
    return {f"{process}.{node.id}": node for process, node in _nodes() if node.kind == "boundaryEvent"}


def _nodes() -> Iterator[tuple[str, Node]]:
    for file in sorted((Path(__file__).parents[1] / "processes").glob("*/*.bpmn")):
        diagram, _ = read.diagram(file.read_bytes(), file.name)
        assert diagram is not None
        for process in diagram.processes.values():
            yield from ((process.id, node) for node in process.walk())
