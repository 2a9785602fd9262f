"""What must hold in the tables after whatever happened, asked in plain SQL.

It uses nothing of the runtime: whoever looks with the eyes of what is looked at sees what that sees."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg

# What each finds is wrong; none may find anything.
NEVER = {
    "a completed task whose completion does not stand once in the log": """
        SELECT t.public_id FROM user_tasks t WHERE t.state = 'completed' AND 1 <> (
            SELECT count(*) FROM events e
            WHERE e.case_id = t.case_id AND e.activity = t.activity AND e.kind = 'task_completed')""",
    "an element that was left twice by one activity": """
        SELECT case_id, activity FROM events WHERE kind IN ('left', 'task_completed', 'timer_fired')
        GROUP BY case_id, activity, kind HAVING count(*) > 1""",
    "a timer that is done and did not fire once": """
        SELECT j.key FROM jobs j WHERE j.kind = 'timer' AND j.state = 'done' AND 1 <> (
            SELECT count(*) FROM events e
            WHERE e.case_id = j.case_id AND e.activity = j.activity AND e.kind = 'timer_fired')""",
    "a timer that fired and is not done": """
        SELECT e.case_id, e.activity FROM events e WHERE e.kind = 'timer_fired' AND NOT EXISTS (
            SELECT 1 FROM jobs j WHERE j.activity = e.activity AND j.kind = 'timer' AND j.state = 'done')""",
    "a job that is due and was not done": """
        SELECT key FROM jobs WHERE state = 'waiting' AND due_at < now() - interval '2 seconds'""",
    "a job that failed": "SELECT key, error FROM jobs WHERE state = 'failed'",
    "an incident": "SELECT element, reason FROM incidents WHERE resolved_at IS NULL",
    "a correction that ended and did not move stock once": """
        SELECT c.public_id FROM cases c WHERE c.process = 'stock_correction' AND c.status = 'completed' AND 1 <> (
            SELECT count(*) FROM stock_movements m WHERE m."case" = c.public_id)""",
    "stock moved by a correction that did not end": """
        SELECT m.id FROM stock_movements m JOIN cases c ON c.public_id = m."case"
        WHERE c.process = 'stock_correction' AND c.status <> 'completed'""",
    "a balance that is not the sum of its movements": """
        SELECT b.component_id, b.warehouse_id FROM stock_balances b WHERE b.on_hand <> (
            SELECT coalesce(sum(m.quantity), 0) FROM stock_movements m
            WHERE m.component_id = b.component_id AND m.warehouse_id = b.warehouse_id)""",
    "a case whose log has a gap or another end than it": """
        SELECT c.public_id FROM cases c JOIN events e ON e.case_id = c.id GROUP BY c.id
        HAVING count(*) <> max(e.sequence) OR max(e.sequence) <> c.sequence""",
    "a request to another system that is not done": """
        SELECT activity, state, worker, error FROM external_tasks WHERE topic = 'http.request' AND state <> 'done'""",
    "a case that asked another system more or less than once": """
        SELECT c.public_id FROM cases c WHERE c.process = 'ask_outside' AND 1 <> (
            SELECT count(*) FROM external_tasks x WHERE x.case_id = c.id AND x.topic = 'http.request')""",
    "a request that is done and does not stand once in the log": """
        SELECT x.activity FROM external_tasks x WHERE x.topic = 'http.request' AND x.state = 'done' AND 1 <> (
            SELECT count(*) FROM events e
            WHERE e.case_id = x.case_id AND e.activity = x.activity AND e.kind = 'external_completed')""",
    "a living case in which nothing can happen": """
        SELECT c.public_id FROM cases c WHERE c.status = 'running'
        AND NOT EXISTS (SELECT 1 FROM user_tasks t WHERE t.case_id = c.id AND t.state IN ('ready', 'claimed'))
        AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.case_id = c.id AND j.state = 'waiting')
        AND NOT EXISTS (SELECT 1 FROM external_tasks x WHERE x.case_id = c.id AND x.state = 'open')
        AND NOT EXISTS (SELECT 1 FROM subscriptions s WHERE s.case_id = c.id)""",
    "an open task of a case that ended": """
        SELECT t.public_id FROM user_tasks t JOIN cases c ON c.id = t.case_id
        WHERE c.status <> 'running' AND t.state IN ('ready', 'claimed')""",
}
UNFINISHED = """
    SELECT (SELECT count(*) FROM jobs WHERE state = 'waiting' AND due_at < now() + interval '1 minute')
        + (SELECT count(*) FROM external_tasks WHERE state = 'open')"""
# As if the five minutes were over for which a delivery is locked by whoever died with it, or could not note its answer
# since the database was away: no call here is at work for half a minute.
FREE = """
    UPDATE external_tasks SET locked_until = now()
    WHERE state = 'open' AND locked_until > now()
    AND (NOT (split_part(worker, '-', 2) = ANY(%s)) OR locked_until < now() + interval '270 seconds')"""


def findings(url: str) -> list[str]:
    """Everything that is wrong, as sentences."""
    found = []
    with psycopg.connect(url) as connection:
        for what, query in NEVER.items():
            found += [f"{what}: {row}" for row in connection.execute(query).fetchall()]  # type: ignore[call-overload]
    return found


def lost(url: str, started: Iterable[tuple[str, str]], completed: Iterable[str]) -> list[str]:
    """What the cluster had accepted and does not have. `started`: key of the start → case."""
    with psycopg.connect(url) as connection:
        cases = {row[0] for row in connection.execute("SELECT public_id FROM cases")}
        done = {
            row[0] for row in connection.execute("SELECT public_id FROM user_tasks WHERE state = 'completed'")
        }
    told = [f"case {case} was accepted and is lost" for _, case in started if case not in cases]
    return told + [
        f"the completion of {task} was accepted and is lost" for task in completed if task not in done
    ]


def undelivered(url: str, noted: Path) -> list[str]:
    """What was told to the case and not to the other system, or told there under a key that is nobody's, or
    under one key in two ways. `noted`: by receiver.py."""
    bodies: dict[str, set[str]] = {}
    for line in noted.read_text().splitlines():
        row = json.loads(line)
        bodies.setdefault(row["key"], set()).add(row["body"])
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT activity, state FROM external_tasks WHERE topic = 'http.request'")
        known = dict(rows.fetchall())
    done = [key for key, state in known.items() if state == "done"]
    told = [f"{key} is done and was never delivered" for key in done if key not in bodies]
    told += [f"{key} was delivered and is no request of ours" for key in bodies if key not in known]
    return told + [f"{key} was delivered in two ways: {each}" for key, each in bodies.items() if len(each) > 1]


def free(url: str, living: Iterable[int]) -> None:
    """Deliveries of workers that are no more may be made by others. `living`: ids of processes."""
    with psycopg.connect(url) as connection:
        connection.execute(FREE, ([str(each) for each in living],))


def unfinished(url: str) -> int:
    """Jobs that are due, or soon."""
    with psycopg.connect(url) as connection:
        return int(connection.execute(UNFINISHED).fetchone()[0])  # type: ignore[index]


def counts(url: str) -> dict[str, Any]:
    """What there is to be proud of."""
    with psycopg.connect(url) as connection:
        return {
            name: connection.execute(query).fetchone()[0]  # type: ignore[call-overload,index]
            for name, query in {
                "cases": "SELECT count(*) FROM cases WHERE cause IS NULL OR cause <> ''",
                "completions": "SELECT count(*) FROM user_tasks WHERE state = 'completed'",
                "movements": "SELECT count(*) FROM stock_movements",
                "delivered": "SELECT count(*) FROM external_tasks WHERE state = 'done'",
                "timers": "SELECT count(*) FROM jobs WHERE kind = 'timer' AND state = 'done'",
            }.items()
        }
