"""Rule files: read as tables, edited as YAML, checked, kept as a draft, published.

Not here: what a rule file may say (runtime/rules), its proof before publishing (bootstrap)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from runtime.commands import drafts
from runtime.errors import Conflict, Invalid
from runtime.queries import rules
from web import current, show
from web.wording import wording

bp = Blueprint("rules", __name__)


@bp.get("/rules")
def listing() -> str:
    return render_template("rules.html", rows=current.read(rules.listing))


@bp.get("/rules/<key>")
def page(key: str) -> str:
    return _page(key)


@bp.post("/rules/<key>/check")
def check(key: str) -> ResponseReturnValue:
    found = current.do(drafts.check_rule, key, request.form.get("text", ""))
    return jsonify(problems=_problems(found))


@bp.post("/rules/<key>")
def save(key: str) -> ResponseReturnValue:
    text, base = request.form.get("text", ""), request.form.get("base", type=int)
    if base is None:
        raise Invalid
    try:
        current.do(drafts.save_rule, key, text, base)
    except (Invalid, Conflict) as refused:
        told = current.say(refused.message, **refused.params)
        return _page(key, text=text, notice=told, problems=_problems(refused.problems)), refused.status
    flash(current.say("Draft saved. Nothing changes until it is published."))
    return redirect(url_for("rules.page", key=key, edit=1))


@bp.post("/rules/<key>/publish")
def publish(key: str) -> ResponseReturnValue:
    draft = request.form.get("draft", "")
    try:
        current.runtime().publish_rule(current.actor(), key, draft)
    except (Invalid, Conflict) as refused:
        told = current.say(refused.message, **refused.params)
        return _page(key, notice=told, problems=_problems(refused.problems)), refused.status
    flash(current.say("Published. From the next decision on this version applies."))
    return redirect(url_for("rules.page", key=key))


def _problems(found: list[Any]) -> list[dict[str, Any]]:
    """For the editor: 1-based line and column, 0 when there is none."""
    return [
        {
            "line": p.line,
            "column": p.column,
            "severity": p.severity,
            "text": show.problem_text(p),
            "rule": p.rule,
        }
        for p in found
    ]


def _page(key: str, **told: Any) -> str:
    rule = current.read(rules.rule_page, key, current.language())
    every = (*rule.table.inputs, *rule.table.outputs)
    names = {column.id: column.label for column in every} | {
        each.id: each.label for each in rule.table.derived
    }
    # A value that the file names is told by its name: excellent → 优秀.
    names |= {f"'{value}'": label for column in every for value, label in column.choices.items()}
    lines = [*rule.table.lines, *([rule.table.otherwise] if rule.table.otherwise else [])]
    # An output that no line gives is computed: its formula stands above the table.
    columns = [column for column in rule.table.outputs if any(column.id in line.then for line in lines)]
    return render_template("rule.html", rule=rule, columns=columns, words=wording(names), **told)
