"""What waits for me, what I did, what I started; a task with its form.

Not here: who may see and do what (commands/user_tasks.py, queries), cases (cases.py)."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from runtime.commands import handing_over, user_tasks
from runtime.errors import Conflict, Invalid, NotFound
from runtime.queries import amendments, comments, inbox, named, people, search, tasks
from web import cases, current, masters
from web.wording import of_tables

bp = Blueprint("inbox", __name__)
ONLY = ("all", "mine", "group")
ORDERS = tuple(inbox.ORDERS)  # the first is the usual one


@bp.get("/")
def home() -> ResponseReturnValue:
    return redirect(url_for("inbox.todo"))


@bp.get("/inbox")
def todo() -> str:
    return _panes()


@bp.get("/inbox/done")
def done() -> str:
    page = current.read(inbox.done, after=request.args.get("after"))
    return render_template("done.html", page=page, counts=current.read(inbox.counts), here="done")


@bp.get("/inbox/started")
def started() -> str:
    page = current.read(inbox.started, after=request.args.get("after"))
    return render_template("started.html", page=page, counts=current.read(inbox.counts), here="started")


@bp.get("/inbox/search")
def find_before() -> ResponseReturnValue:
    """Where search was: what was kept of it leads on."""
    return redirect(url_for("inbox.find", q=request.args.get("q"), after=request.args.get("after")))


@bp.get("/search")
def find() -> str:
    text = request.args.get("q", "").strip()
    found = current.read(search.find, text, after=request.args.get("after")) if text else None
    return render_template(
        "search.html",
        found=found,
        q=text,
        counts=current.read(inbox.counts),
        here="search",
        kinds={key: current.say(word) for key, word in named.SENTENCES.items()},
        states={key: current.say(word) for key, word in masters.STATES.items()},
    )


@bp.get("/tasks/<task>")
def show(task: str) -> str:
    return _task(task)


@bp.post("/tasks/<task>/claim")
def claim(task: str) -> ResponseReturnValue:
    current.do(user_tasks.claim, task)
    return redirect(url_for("inbox.show", task=task, **_filters()))


@bp.post("/tasks/<task>/release")
def release(task: str) -> ResponseReturnValue:
    still = current.do(user_tasks.release, task)
    flash(current.say("Given back to the group."))
    if not still:
        return redirect(url_for("inbox.todo", **_filters()))
    return redirect(url_for("inbox.show", task=task, **_filters()))


@bp.post("/tasks/<task>/give")
def give(task: str) -> ResponseReturnValue:
    """To somebody else of one's own people, with the reason; sent from the case's page."""
    case, reason = request.form.get("case", ""), request.form.get("reason", "")
    try:
        current.do(handing_over.give, task, request.form.get("person", ""), reason)
    except (Invalid, Conflict) as refused:
        return cases.page_of(case, give_refused=refused, give_task=task), refused.status
    flash(current.say("The task is theirs now, and both are told."))
    return redirect(url_for("cases.show", case=case))


@bp.post("/tasks/<task>")
def complete(task: str) -> ResponseReturnValue:
    answers, version = sent_answers(), request.form.get("version", type=int)
    if version is None:
        raise Invalid
    seen = json_object("seen") if "seen" in request.form else None
    try:
        completed = current.do(user_tasks.complete, task, answers, version, seen)
    except user_tasks.FieldsChanged as moved:
        # What they typed stays, what they left alone is shown as it is now.
        touched = {name: value for name, value in typed().items() if name not in moved.fresh}
        return _task(task, refused=moved, touched=touched), moved.status
    except Conflict as late:
        # Somebody was faster, or it was done from another tab: say so beside the task as it is now.
        return _task(task, notice=current.say(late.message, **late.params), typed=typed()), late.status
    except Invalid as refused:
        return _task(task, refused=refused, typed=typed(), seen=seen), refused.status
    flash(f"task:{task}", "finished")
    if completed.next_task:
        flash(current.say(_sent(completed)), "warning" if completed.refused else "done")
        return redirect(url_for("inbox.show", task=completed.next_task, **_filters()))
    flash(current.say(_sent(completed)), "warning" if completed.again and completed.refused else "done")
    flash(url_for("cases.show", case=completed.case), "case")
    return redirect(url_for("inbox.todo", **_filters()))


def _sent(completed: user_tasks.Completed) -> str:
    if completed.next_task and completed.refused:
        return "Sent, but something did not go through; the next step is yours, and its form says what."
    if completed.again and completed.refused:
        return "Sent, but it could not be recorded and has to be done again; the case says more."
    if completed.again and completed.next_task:
        return "Sent, but this step is yours once more: see what the form says."
    return "Done. The next step of this case is yours as well." if completed.next_task else "Done."


def sent_answers() -> dict[str, Any]:
    """The form's answers, sent as one JSON object in the field `answers`; numbers stay exact. Raises Invalid."""
    return json_object("answers", parse_float=Decimal)


def json_object(field: str, **reading: Any) -> dict[str, Any]:
    """A JSON object that was sent in a field of the request. Raises Invalid."""
    try:
        sent = json.loads(request.form.get(field) or "{}", parse_constant=_not_a_number, **reading)
    except (ValueError, RecursionError) as unreadable:
        raise Invalid from unreadable
    if not isinstance(sent, dict):
        raise Invalid
    return sent


def typed() -> Any:
    """The same answers as plain JSON, to fill the form again with what was typed."""
    return json.loads(request.form.get("answers") or "{}", parse_float=_float)


def _float(text: str) -> float | str:
    """Beyond what JSON can hold, 1e400, it stays the text that it was."""
    number = float(text)
    return number if math.isfinite(number) else text


def _not_a_number(name: str) -> Any:
    raise ValueError(name)


def _filters() -> dict[str, Any]:
    """What the list is narrowed to, as it travels in the address."""
    kept = {name: request.args.get(name, "") for name in ("only", "process", "order")}
    for name, known in (("only", ONLY), ("order", ORDERS)):
        if kept[name] not in known[1:]:
            kept[name] = ""
    return {name: value for name, value in kept.items() if value}


def page_of(task: str, **told: Any) -> str:
    """The task's page; `told`: what became of a comment that was sent (comments.py)."""
    return _task(task, **told)


def _task(task: str, **told: Any) -> str:
    page = current.read(tasks.task_page, task, current.language())
    told["thread"] = _thread(page.row.case)
    if page.row.process == amendments.PROCESS:
        told["amendment"] = found = current.read(amendments.of_task, task, current.language())
        told["words"] = of_tables(found.before, found.after) if found else None
    if "touched" in told:
        told["typed"] = {**page.data, **told.pop("touched")}
    elif "typed" in told:
        # What can only be read is not sent with the answers.
        told["typed"] = {**page.offered, **told["typed"]}
    if "HX-Request" in request.headers:
        return render_template("_task.html", task=page, filters=_filters(), **told)
    return _panes(page, **told)


def _thread(case: str) -> comments.Thread:
    """What was said on the task's case, of which its doer may see nothing."""
    try:
        return current.read(comments.thread, case, limit=5)
    except NotFound:
        return comments.Thread(case)


def _panes(task: Any = None, **told: Any) -> str:
    filters = _filters()
    page = current.read(
        inbox.todo,
        only=filters.get("only", "all"),
        process=filters.get("process"),
        order=filters.get("order", ORDERS[0]),
        after=request.args.get("after"),
    )
    return render_template(
        "inbox.html",
        page=page,
        counts=current.read(inbox.counts),
        task=task,
        filters=filters,
        stands_in=current.read(people.stands_in),
        processes={row.process: row.process_names for row in page.rows},
        here="todo",
        **told,
    )
