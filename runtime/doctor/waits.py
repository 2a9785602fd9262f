"""What a case waits for, against the tables that wake it: tasks, timers, subscriptions, retries.

Each wait in the state has one row, each row one wait. Not here: jobs without a case (offices.py)."""

from __future__ import annotations

from collections.abc import Iterator

from runtime.doctor.invariant import invariant
from runtime.doctor.seen import Seen
from runtime.errors import Problem


@invariant("case", of_cases=True)
def open_tasks(case: Seen) -> Iterator[Problem]:
    """Each open task belongs to a running case, and to an activity of it that waits for somebody."""
    for task in case.tasks:
        place = f"user_tasks/{task.public_id}"
        if not case.running:
            yield Problem(
                "task_of_ended_case", "The task {element} is open and its case is {status}",
                place, {"element": task.element, "status": case.row.status},
            )  # fmt: skip
            continue
        at = case.open.get(task.activity)
        if case.execution is not None and (at is None or at.waits != "user" or at.element != task.element):
            yield Problem(
                "task_without_activity", "The task {element} is open and nothing in case {case} waits for it",
                place, {"element": task.element, "case": case.row.public_id},
            )  # fmt: skip


@invariant("case", of_cases=True)
def tasks_of_activities(case: Seen) -> Iterator[Problem]:
    """Each activity that waits for somebody has exactly one open task."""
    for activity, at in case.waiting("user").items():
        count = sum(task.activity == activity for task in case.tasks)
        if count != 1:
            yield Problem(
                "activity_without_task", "{element} waits for somebody and has {count} open tasks",
                case.place, {"element": at.element, "count": count},
            )  # fmt: skip


@invariant("case", of_cases=True)
def timers(case: Seen) -> Iterator[Problem]:
    """Each timer that a case waits for has exactly one job that is waiting for its time, or an open incident."""
    jobs, watched = case.jobs_of("timer"), case.watched("timer")
    for activity, at in case.waiting("timer").items():
        own = jobs.get(activity, [])
        if len(own) != 1 and not (activity in watched and not own):
            yield Problem(
                "timer_without_job", "The timer {element} has {count} waiting jobs",
                case.place, {"element": at.element, "count": len(own)},
            )  # fmt: skip
        for job in own:
            # One that was tried before is due when that was decided, but never before its time.
            untouched = not job.attempts and job.error is None
            if at.due is not None and (job.due_at < at.due or (untouched and job.due_at != at.due)):
                yield Problem(
                    "timer_due_differs", "The timer {element} is due at {due}, its job at {at}",
                    case.place, {"element": at.element, "due": at.due, "at": job.due_at},
                )  # fmt: skip


@invariant("case", of_cases=True)
def timer_jobs(case: Seen) -> Iterator[Problem]:
    """Each waiting job of a timer belongs to a running case that waits for it."""
    waiting = case.waiting("timer")
    for activity, jobs in case.jobs_of("timer").items():
        if case.execution is not None and case.running and activity not in waiting:
            yield Problem(
                "job_without_timer", "The job of timer {element} waits and the case {case} does not wait for it",
                f"jobs/{jobs[0].id}", {"element": jobs[0].element, "case": case.row.public_id},
            )  # fmt: skip


@invariant("case", of_cases=True)
def subscriptions(case: Seen) -> Iterator[Problem]:
    """Each message or signal that a case waits for has a subscription by its name and key, and the reverse."""
    wanted = {
        (activity, at.waits, at.name, _key(case, at.waits, at.key))
        for activity, at in case.waiting("message", "signal").items()
    }
    if case.execution is None or not case.running:
        return
    held = {(row.activity, row.kind, row.name, row.key) for row in case.subscriptions}
    for activity, kind, name, key in sorted(wanted ^ held):
        missing = (activity, kind, name, key) in wanted
        told = {"element": case.open[activity].element if activity in case.open else "–", "kind": kind,
                "name": name, "key": key or "–"}  # fmt: skip
        if missing:
            yield Problem(
                "wait_without_subscription", "{element} waits for {kind} {name}, key {key}, and has no subscription",
                case.place, told,
            )  # fmt: skip
        else:
            yield Problem(
                "subscription_without_wait", "Nothing waits for what the subscription is for: {kind} {name}, key {key}",
                f"subscriptions/{activity}", told,
            )  # fmt: skip


def _key(case: Seen, kind: str, key: str | None) -> str:
    """As waits.Waits writes it: without a key a message means this very case, a signal everybody."""
    return "" if kind == "signal" else case.row.public_id if key is None else key


@invariant("case", of_cases=True)
def external_tasks(case: Seen) -> Iterator[Problem]:
    """Each activity that waits for an external worker has exactly one open external task, and the reverse."""
    if case.execution is None:
        return
    waiting = case.waiting("external") if case.running else {}
    held = [task.activity for task in case.external]
    for activity, at in waiting.items():
        if held.count(activity) != 1:
            yield Problem(
                "activity_without_external_task", "{element} waits for an external worker and has {count} open tasks",
                case.place, {"element": at.element, "count": held.count(activity)},
            )  # fmt: skip
    for task in case.external:
        if task.activity not in waiting:
            yield Problem(
                "external_task_without_activity", "The external task {element} is open and nothing waits for it",
                f"external_tasks/{task.public_id}", {"element": task.element},
            )  # fmt: skip


@invariant("case", of_cases=True)
def parked_steps(case: Seen) -> Iterator[Problem]:
    """Each parked step has a job that tries it again, or an open incident."""
    again = case.jobs_of("retry").keys() | {incident.activity for incident in case.incidents}
    for activity, at in case.open.items():
        if at.parked and activity not in again:
            yield Problem(
                "parked_unseen", "The step {element} is parked: nothing tries it again and no incident says so",
                case.place, {"element": at.element},
            )  # fmt: skip


@invariant("case", of_cases=True)
def interrupted_runs(case: Seen) -> Iterator[Problem]:
    """Each case with automatic steps left has a job that goes on with them, or an open incident."""
    left = case.running and case.execution is not None and case.execution.interrupted
    if left and not case.jobs_of("continue") and not case.watched("continue"):
        yield Problem(
            "run_not_continued", "Automatic steps are left and no job goes on with them", case.place
        )


@invariant("case", of_cases=True)
def ended_cases(case: Seen) -> Iterator[Problem]:
    """Of an ended case nothing is left that waits: no timer, retry, continuation, subscription or open incident."""
    if case.running:
        return
    kinds = ("timer", "retry", "continue")
    own = {job.id for job in case.jobs if job.kind != "message"}
    left = [f"jobs/{job.id}" for job in case.jobs if job.kind in kinds and job.state == "waiting"]
    left += [f"subscriptions/{row.activity}" for row in case.subscriptions]
    # A message that nobody took is not its sender's own: its incident stays.
    left += [
        f"incidents/{row.public_id}" for row in case.incidents if row.job_id is None or row.job_id in own
    ]
    for place in left:
        yield Problem(
            "left_of_ended_case",
            "The case {case} has ended and this is left of it",
            place,
            {"case": case.row.public_id},
        )
