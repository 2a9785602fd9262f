"""Rule files: read as tables, edited as YAML, checked, kept as a draft, handed in for approval.

Not here: what a rule file may say (runtime/rules), its proof (bootstrap), who approves (processes/rule_amendment)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from runtime.commands import cases, drafts
from runtime.errors import Conflict, Invalid
from runtime.queries import amendments, rules
from web import current, show
from web.wording import of_tables

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
        _, found = current.runtime().save_rule(current.actor(), key, text, base)
    except (Invalid, Conflict) as refused:
        told = current.say(refused.message, **refused.params)
        return _page(key, text=text, notice=told, problems=_problems(refused.problems)), refused.status
    if any(problem.severity == "error" for problem in found):
        told = current.say("Draft saved. It does not hold yet, so nobody can be asked to approve it.")
        return _page(key, notice=told, problems=_problems(found))
    flash(current.say("Draft saved, and it holds. Nothing changes until it is approved."))
    return redirect(url_for("rules.page", key=key))


@bp.post("/rules/<key>/propose")
def propose(key: str) -> ResponseReturnValue:
    """Hand the draft in: its process asks who answers for the figures."""
    asked = {name: request.form.get(name, "") for name in ("change_reason", "effective_on")}
    try:
        started = current.do(cases.start, "rule_amendment", {"rule": key, **asked})
    except (Invalid, Conflict) as refused:
        told = "; ".join(
            show.problem_text(each) for each in refused.problems
        ) or current.say(refused.message, **refused.params)
        return _page(key, notice=told), refused.status
    return redirect(url_for("cases.show", case=started.case))


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
    lines = [*rule.table.lines, *([rule.table.otherwise] if rule.table.otherwise else [])]
    # An output that no line gives is computed: its formula stands above the table.
    columns = [column for column in rule.table.outputs if any(column.id in line.then for line in lines)]
    told["amendment"] = found = (
        current.read(amendments.of_draft, rule.draft.id, current.language()) if rule.draft else None
    )
    if found:
        told["words_of_draft"] = of_tables(found.before, found.after)
    return render_template("rule.html", rule=rule, columns=columns, words=of_tables(rule.table), **told)
