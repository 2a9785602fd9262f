"""What is never lost in the books, asked in plain SQL of a copy of an embedded database.

It uses nothing of the runtime: whoever looks with the eyes of what is looked at sees what that sees. Amounts
are integers of ten-thousandths, as they lie in the tables."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

# What each finds is wrong; none may find anything.
NEVER = {
    "a balance that is not the sum of its movements": """
        SELECT b.component_id, b.warehouse_id, b.on_hand, sum(m.quantity) FROM stock_balances b
        LEFT JOIN stock_movements m ON m.component_id = b.component_id AND m.warehouse_id = b.warehouse_id
        GROUP BY b.component_id, b.warehouse_id HAVING b.on_hand <> coalesce(sum(m.quantity), 0)""",
    "movements where there is no balance": """
        SELECT m.component_id, m.warehouse_id FROM stock_movements m WHERE NOT EXISTS (
            SELECT 1 FROM stock_balances b
            WHERE b.component_id = m.component_id AND b.warehouse_id = m.warehouse_id)""",
    "stock that was negative after a movement": """
        SELECT * FROM (
            SELECT m.id, sum(m.quantity) OVER (
                PARTITION BY m.component_id, m.warehouse_id ORDER BY m.id) AS there
            FROM stock_movements m) WHERE there < 0""",
    "a component whose receipts are not what was put into stock of deliveries": """
        SELECT c.sku, coalesce(r.stored, 0), coalesce(m.moved, 0) FROM components c
        LEFT JOIN (SELECT component_id, sum(stored) AS stored FROM purchase_receipt_lines GROUP BY 1) r
            ON r.component_id = c.id
        LEFT JOIN (SELECT component_id, sum(quantity) AS moved FROM stock_movements WHERE kind = 'receipt' GROUP BY 1) m
            ON m.component_id = c.id
        WHERE coalesce(r.stored, 0) <> coalesce(m.moved, 0)""",
    "a delivery of which more was put into stock than was received": """
        SELECT id FROM purchase_receipt_lines WHERE stored > received - rejected + conceded""",
    "a commitment of an order that will not come any more": """
        SELECT o.number FROM purchase_orders o JOIN budget_entries b ON b.document = o.public_id
        WHERE o.state <> 'open' GROUP BY o.id
        HAVING sum(CASE b.kind WHEN 'commit' THEN b.amount WHEN 'release' THEN -b.amount ELSE 0 END) <> 0""",
    "an order line that got more than was ordered": """
        SELECT id FROM purchase_order_lines WHERE stored > quantity OR cancelled > quantity""",
    "a sales order that was settled in another state, or settled and has no settlement": """
        SELECT o.number, o.state FROM sales_orders o LEFT JOIN settlements s ON s.order_id = o.id
        WHERE (o.state = 'settled') <> (s.id IS NOT NULL)""",
    "an order that was settled more than once": """
        SELECT order_id FROM settlements GROUP BY order_id HAVING count(*) > 1""",
    "a settlement that is not what the order's lines come to": """
        SELECT s.number, s.amount FROM settlements s JOIN sales_order_lines l ON l.order_id = s.order_id
        GROUP BY s.id HAVING s.amount <> sum(l.quantity * l.price)""",
    "more paid than was owed": "SELECT number FROM settlements WHERE paid > amount",
    "a settlement whose sales facts do not come to it": """
        SELECT s.number FROM settlements s JOIN sales_facts f ON f.settlement_id = s.id AND f.amount > 0
        GROUP BY s.id HAVING abs(sum(f.amount) - s.amount) > 0""",
    "a settlement of which paid and outstanding are not its payments and credits": """
        SELECT s.number FROM settlements s WHERE s.paid <> (
            SELECT coalesce(sum(CASE p.kind WHEN 'refund' THEN -p.amount ELSE p.amount END), 0) FROM sales_payments p
            WHERE p.settlement_id = s.id)
        OR s.outstanding <> s.amount - s.paid - (
            SELECT coalesce(sum(c.amount), 0) FROM sales_credits c WHERE c.settlement_id = s.id)""",
    "an order line of which other pieces left than it says, or more than was agreed": """
        SELECT o.number, l.id FROM sales_order_lines l JOIN sales_orders o ON o.id = l.order_id
        WHERE l.shipped > l.quantity OR l.shipped <> (
            SELECT coalesce(sum(t.quantity), 0) FROM shipment_lines t JOIN shipments h ON h.id = t.shipment_id
            WHERE h.order_id = l.order_id AND t.component_id = l.component_id
            AND (h.return_reason IS NULL OR o.state = 'returned'))""",
    "an order that is done with while something of it is still to be shipped": """
        SELECT o.number FROM sales_orders o JOIN sales_order_lines l ON l.order_id = o.id
        WHERE o.state IN ('shipped', 'delivered', 'settled', 'returned') AND l.shipped < l.quantity""",
    "an order beyond the customer's credit that nobody else released": """
        SELECT number FROM sales_orders WHERE credit_verdict <> 'within'
        AND (credit_released_by IS NULL OR credit_released_by = recorded_by)""",
    "an award that was approved and is not in the budget as committed or spent": """
        SELECT a.number FROM awards a WHERE a.state IN ('approved', 'paid') AND a.amount <> (
            SELECT coalesce(sum(CASE e.kind WHEN 'release' THEN -e.amount ELSE e.amount END), 0)
            FROM budget_entries e WHERE e.document = a.public_id AND e.kind IN ('commit', 'release', 'actual'))""",
    "an expense that was approved and is not in the budget as committed or spent": """
        SELECT a.number FROM expense_claims a WHERE a.state IN ('approved', 'paid') AND a.amount <> (
            SELECT coalesce(sum(CASE e.kind WHEN 'release' THEN -e.amount ELSE e.amount END), 0)
            FROM budget_entries e WHERE e.document = a.public_id AND e.kind IN ('commit', 'release', 'actual'))""",
    "a training that is not in the budget with what it costs, or is in it though it was cancelled": """
        SELECT t.number FROM trainings t WHERE (CASE t.state WHEN 'cancelled' THEN 0 ELSE t.cost END) <> (
            SELECT coalesce(sum(CASE e.kind WHEN 'release' THEN -e.amount ELSE e.amount END), 0)
            FROM budget_entries e WHERE e.document = t.public_id AND e.kind IN ('commit', 'release', 'actual'))""",
    "an employee who was assessed twice in a month": """
        SELECT cycle_id, employee FROM appraisals GROUP BY 1, 2 HAVING count(*) > 1""",
    "a bonus without a settled appraisal, or two of one": """
        SELECT b.public_id FROM bonuses b JOIN appraisals a ON a.id = b.appraisal_id WHERE a.state <> 'settled'
        UNION ALL SELECT min(public_id) FROM bonuses GROUP BY appraisal_id HAVING count(*) > 1""",
    "a bonus that its own receiver confirmed or paid": """
        SELECT public_id FROM bonuses WHERE employee IN (confirmed_by, exported_by)""",
    "a bonus whose days do not add up, or that statutory leave lowered": """
        SELECT public_id FROM bonuses WHERE due_days IS NULL OR attended_days < statutory_leave_days
        OR attended_days <> due_days - outside_days - other_leave_days - absence_days""",
    "a grade that was published without calibration, or beyond the places of its unit": """
        SELECT a.public_id FROM appraisals a WHERE a.state IN ('graded', 'appealed', 'settled')
        AND a.calibration_id IS NULL
        UNION ALL SELECT g.unit FROM appraisals a JOIN grade_calibrations g ON g.id = a.calibration_id
        LEFT JOIN appraisal_appeals p ON p.appraisal_id = a.id AND p.outcome = 'change'
        WHERE a.grade = 'excellent' AND p.id IS NULL
        GROUP BY a.cycle_id, g.unit HAVING count(*) > max(g.top_places)""",
    "a person who calibrated their own grade": """
        SELECT a.public_id FROM appraisals a JOIN grade_calibrations g ON g.id = a.calibration_id
        WHERE g.calibrated_by = a.employee""",
    "a wage that was not the one in force at the end of the month": """
        SELECT b.public_id, b.wage FROM bonuses b JOIN appraisals a ON a.id = b.appraisal_id
        JOIN appraisal_cycles c ON c.id = a.cycle_id
        WHERE b.wage <> (
            SELECT w.wage FROM wages w WHERE w.person = b.employee
            AND w.effective_from <= date(c.period || '-01', '+1 month', '-1 day')
            ORDER BY w.effective_from DESC, w.id DESC LIMIT 1)""",
    "more than one open alert of a component": """
        SELECT component_id FROM stock_alerts WHERE state NOT IN ('closed') GROUP BY 1 HAVING count(*) > 1""",
    "a posting in a period that was closed when it was written": """
        SELECT p.id FROM (SELECT id, at, posting_date FROM stock_movements
            UNION ALL SELECT id, at, posting_date FROM budget_entries
            UNION ALL SELECT id, at, posting_date FROM sales_payments) p
        JOIN period_closings c ON c.state = 'closed' AND c.closed_at < p.at AND c.opens > p.posting_date""",
    "a posting on another day than its own, though its period was open": """
        SELECT p.id FROM (SELECT id, at, business_date, posting_date FROM stock_movements
            UNION ALL SELECT id, at, business_date, posting_date FROM budget_entries
            UNION ALL SELECT id, at, paid_on, posting_date FROM sales_payments) p
        WHERE p.posting_date <> p.business_date AND (p.posting_date < p.business_date OR NOT EXISTS (
            SELECT 1 FROM period_closings c
            WHERE c.state = 'closed' AND c.closed_at <= p.at AND c.opens = p.posting_date))""",
    "a period that was closed with open items that nobody else allowed": """
        SELECT number FROM period_closings WHERE state = 'closed' AND items <> '[]'
        AND (allowed_by IS NULL OR allowed_by = closed_by OR reason IS NULL)""",
    "a living case in which nothing can happen": """
        SELECT c.public_id, c.process FROM cases c WHERE c.status = 'running'
        AND NOT EXISTS (SELECT 1 FROM user_tasks t WHERE t.case_id = c.id AND t.state IN ('ready', 'claimed'))
        AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.case_id = c.id AND j.state = 'waiting')
        AND NOT EXISTS (SELECT 1 FROM external_tasks x WHERE x.case_id = c.id AND x.state = 'open')
        AND NOT EXISTS (SELECT 1 FROM incidents i WHERE i.case_id = c.id AND i.resolved_at IS NULL)
        AND NOT EXISTS (SELECT 1 FROM subscriptions s WHERE s.case_id = c.id)""",
    "a step that stands still and is nobody's task": """
        SELECT c.public_id, i.element, i.reason FROM incidents i JOIN cases c ON c.id = i.case_id
        WHERE i.resolved_at IS NULL AND c.status = 'running' AND NOT EXISTS (
            SELECT 1 FROM user_tasks t WHERE t.activity = i.activity AND t.state IN ('ready', 'claimed'))""",
    "an open task of a case that ended": """
        SELECT t.public_id FROM user_tasks t JOIN cases c ON c.id = t.case_id
        WHERE c.status <> 'running' AND t.state IN ('ready', 'claimed')""",
    "an open task that is nobody's": """
        SELECT t.public_id, t.process, t.element FROM user_tasks t
        WHERE t.state IN ('ready', 'claimed') AND NOT EXISTS (
            SELECT 1 FROM people p WHERE p.id = t.assignee_id AND p.active)
        AND NOT EXISTS (
            SELECT 1 FROM user_task_candidates k JOIN memberships m ON k.who = 'group:' || m."group"
            JOIN people p ON p.id = m.person_id AND p.active
            WHERE k.task_id = t.id AND instr(t.excluded, p.public_id) = 0)
        AND NOT EXISTS (
            SELECT 1 FROM user_task_candidates k JOIN people p ON k.who = 'person:' || p.id AND p.active
            WHERE k.task_id = t.id AND instr(t.excluded, p.public_id) = 0)""",
    "a task that somebody did who was excluded from it": """
        SELECT t.public_id FROM user_tasks t JOIN people p ON p.id = t.completed_by
        WHERE t.state = 'completed' AND instr(t.excluded, p.public_id) > 0""",
    "a job that failed without an incident": """
        SELECT j.key, j.error FROM jobs j WHERE j.state = 'failed'
        AND NOT EXISTS (SELECT 1 FROM incidents i WHERE i.job_id = j.id)""",
}


def findings(database: Path) -> list[str]:
    """Everything that is wrong, as sentences."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        found = [f"{what}: {row}" for what, query in NEVER.items() for row in connection.execute(query)]
        return [*found, *_wrong_bonuses(connection), *_broken_budgets(connection)]


def counts(database: Path) -> dict[str, int]:
    """What happened, in figures."""
    asked = {
        "orders": "sales_orders",
        "settlements": "settlements",
        "purchase orders": "purchase_orders",
        "receipts": "purchase_receipts",
        "movements": "stock_movements",
        "stocktakes": "stocktakes",
        "appraisals": "appraisals",
        "bonuses": "bonuses",
        "meetings": "meetings",
        "trainings": "trainings",
        "leaves": "leaves",
        "cases": "cases",
        "tasks": "user_tasks",
        "events": "events",
    }
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return {
            what: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for what, table in asked.items()
        }


def waiting(database: Path) -> dict[str, int]:
    """Open tasks by "process.element"."""
    query = "SELECT process || '.' || element, count(*) FROM user_tasks WHERE state IN ('ready', 'claimed') GROUP BY 1"
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return dict(connection.execute(query).fetchall())


def happened(database: Path) -> set[str]:
    """What "process.element" a case has come to that has an open task now."""
    query = """SELECT DISTINCT e.process || '.' || e.element FROM events e JOIN cases c ON c.id = e.case_id
               WHERE e.kind = 'entered' AND c.status = 'running' AND EXISTS (
                   SELECT 1 FROM user_tasks t WHERE t.case_id = c.id AND t.state IN ('ready', 'claimed'))"""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return {name for (name,) in connection.execute(query)}


def _wrong_bonuses(connection: sqlite3.Connection) -> Iterator[str]:
    """Each is wage × the rate that the version said which was in force on the month's last day × attended / due
    days, to the cent."""
    decided = """
        SELECT b.public_id, b.grade, b.wage, b.percent, b.amount, b.attended_days, b.due_days, d.version, c.period
        FROM bonuses b JOIN appraisals a ON a.id = b.appraisal_id JOIN appraisal_cycles c ON c.id = a.cycle_id
        LEFT JOIN cases k ON k.public_id = b."case"
        LEFT JOIN decisions d ON d.case_id = k.id AND d.rule = 'bonus_tier' AND d.id = (
            SELECT max(e.id) FROM decisions e WHERE e.case_id = k.id AND e.rule = 'bonus_tier')
        WHERE b.amount IS NOT NULL"""
    texts = dict(
        connection.execute(
            "SELECT version, content FROM resources WHERE kind = 'rule' AND \"key\" = 'bonus_tier'"
        )
    )
    for bonus, grade, wage, percent, amount, attended, due, version, period in connection.execute(decided):
        if version is None:
            yield f"a bonus that no rule decided: {bonus}"
            continue
        text = texts[version]
        since = re.search(r"^effective_from: (\S+)$", text, re.MULTILINE)
        said = re.search(rf"when: grade == '{grade}'\n +then: {{percent: ([0-9.]+|unset)}}", text)
        if since is None or since[1][:7] > period or said is None or said[1] == "unset":
            yield f"a bonus by a version that was not in force, or said no rate: {bonus}, version {version}"
            continue
        rate = round(float(said[1]) * 10_000)
        exact, unit = wage * rate * attended, 10_000 * 100 * 100 * due  # a percentage in ten-thousandths; to cents
        cents = (2 * exact + unit) // (2 * unit)
        if percent != rate or amount != cents * 100:
            yield f"a bonus that is not wage × rate × share: {bonus}, {amount} instead of {cents * 100}"


_APPROVED = """
    SELECT coalesce(max(e.business_at), b.at) AS since, b.year, json_group_object(l.line, l.amount)
    FROM budgets b JOIN budget_lines l ON l.budget_id = b.id LEFT JOIN cases c ON c.public_id = b."case"
    LEFT JOIN events e ON e.case_id = c.id AND e.kind = 'operated'
        AND json_extract(e.payload, '$.detail.topic') = 'budget.approve'
    WHERE b.state IN ('approved', 'replaced') GROUP BY b.id ORDER BY since"""


def _broken_budgets(connection: sqlite3.Connection) -> Iterator[str]:
    """Entry by entry: what is committed and spent of a line never exceeds what was approved for it by then without
    an allowance of the division lead. Where no budget was approved yet there is nothing to exceed."""
    approvals = connection.execute(_APPROVED).fetchall()
    approved: dict[tuple[int, str], int] = {}
    used: dict[tuple[int, str], int] = {}
    allowed: dict[tuple[int, str], int] = {}
    entries = "SELECT id, at, year, line, kind, amount FROM budget_entries ORDER BY id"
    for number, at, year, line, kind, amount in connection.execute(entries):
        while approvals and approvals[0][0] < at:
            _, budgeted, lines = approvals.pop(0)
            approved = {key: limit for key, limit in approved.items() if key[0] != budgeted}
            approved.update({(budgeted, name): limit for name, limit in json.loads(lines).items()})
        key = (year, line)
        if kind in ("commit", "actual"):
            used[key] = used.get(key, 0) + amount
        elif kind == "release":
            used[key] = used.get(key, 0) - amount
        elif kind == "allow":
            allowed[key] = allowed.get(key, 0) + amount
        if used.get(key, 0) < 0:
            yield f"more released of a budget than was committed: entry {number}"
        taken = kind in ("commit", "actual") and key in approved
        if taken and used[key] > approved[key] + allowed.get(key, 0):
            yield f"a budget exceeded without an allowance: {key}, entry {number}"
