"""A rule changes when somebody else than its drafter approved, and after it was put to last month's decisions."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from runtime import clock, household
from runtime.commands import accounts, amendments, drafts
from runtime.engine.ports import BpmnError
from runtime.folders import shipped
from runtime.identity import SYSTEM
from runtime.ledger import operations
from runtime.queries import rules
from runtime.store import deployments
from tests.office import Office

KEY = "approval_limits"
BONUS = (shipped()[1] / "bonus_tier.yaml").read_text("utf-8")
STRICTER = {
    "amount <= 500000": "amount <= 1000",
    "amount > 500000": "amount > 1000",
    "{amount: 500000": "{amount: 1000",
}


def text_of(office: Office) -> str:
    newest = office.runtime.read(lambda tx, actor: deployments.latest(tx, "rule", KEY), SYSTEM)
    return str(office.runtime.read(lambda tx, actor: deployments.get(tx, newest.id), SYSTEM).content)


def draft(office: Office, who: str = "linxi", changes: dict[str, str] = STRICTER) -> str:
    text = text_of(office)
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    public_id, problems = office.runtime.save_rule(office.as_(who).actor, KEY, text, 1)
    assert [each for each in problems if each.severity == "error"] == []
    return public_id


def ask(office: Office, who: str = "linxi", on: str = "2026-04-01") -> Any:
    answers = {"rule": KEY, "effective_on": on, "change_reason": "收紧"}
    return office.as_(who).start("rule_amendment", **answers)


def version(office: Office) -> int:
    return int(office.runtime.read(lambda tx, actor: deployments.latest(tx, "rule", KEY), SYSTEM).version)


def test_a_rule_is_as_it_was_until_its_owner_approves_and_then_both_names_stand_with_it(
    office: Office,
) -> None:
    draft(office)
    case = ask(office)
    assert version(office) == 1
    office.as_("wangfang").do("approve_amendment", amendment_decision="approve")
    assert (version(office), case.end) == (2, "rule_amended")
    newest = office.runtime.read(rules.rule_page, office.as_("liyang").actor, KEY, "en").versions[0]
    assert (newest.by.names["en"], newest.approved_by.names["en"]) == ("Lin Xi", "Wang Fang")  # type: ignore[union-attr]
    assert newest.effective_from == dt.date(2026, 4, 1)


def test_whoever_drafted_does_not_approve_though_they_answer_for_the_figures(office: Office) -> None:
    office.runtime.do(accounts.set_groups, SYSTEM, "wangfang", ["manager", "admin"])
    draft(office, "wangfang")
    ask(office, "wangfang")
    assert "approve_amendment" not in [each.element for each in office.as_("wangfang").inbox()]
    office.as_(superior_of(office, "wangfang")).do("approve_amendment", amendment_decision="approve")
    assert version(office) == 2


def superior_of(office: Office, who: str) -> str:
    org = office.runtime.read(lambda tx, actor: household.organisation(tx), SYSTEM)
    above = org.superior(office.as_(who).actor.public_id)
    return str(org.by_public_id[above].username)


def test_the_books_refuse_a_drafters_own_approval_whatever_a_diagram_says(office: Office) -> None:
    public_id = draft(office)

    def publish(tx: Any, actor: Any) -> None:
        call = operations.Call(
            tx=tx, key="k", case="c", actor=None, now=tx.now, today=dt.date(2026, 3, 9),
            decide=lambda *given: {}, send=lambda *given: None,
        )  # fmt: skip
        operations.perform(
            "rules.publish_draft", call, {"rule": KEY, "draft": public_id, "approved_by": actor.public_id}
        )

    with pytest.raises(BpmnError, match="起草") as refused:
        office.runtime.do(publish, office.as_("linxi").actor)
    assert refused.value.code == "same_person" and version(office) == 1


def test_a_draft_whose_examples_fail_is_kept_and_cannot_be_handed_in(office: Office) -> None:
    text = text_of(office).replace("amount <= 500000", "amount <= 400000")
    _, problems = office.runtime.save_rule(office.as_("linxi").actor, KEY, text, 1)
    assert any(each.severity == "error" for each in problems)
    case = ask(office)
    assert office.as_("linxi").find("revise_amendment")
    assert "不成立" in case.variables["amendment_problem"] and version(office) == 1


def test_figures_that_were_unset_then_are_entered_for_then_though_a_later_version_has_them(office: Office) -> None:
    """A version that holds from April on leaves March unset: the bonus of March is judged by March's, and waits."""
    for base, (on, percent) in enumerate((("2026-04-01", 20), ("2026-03-01", 10)), 1):
        then = f"then: {{percent: {percent}, amount: {120 * percent}}}"
        text = BONUS.replace("percent: unset", f"percent: {percent}").replace("refused: true", then)
        _, problems = office.runtime.save_rule(office.as_("linxi").actor, "bonus_tier", text, base)
        assert [each for each in problems if each.severity == "error"] == []
        asked = {"rule": "bonus_tier", "effective_on": on, "change_reason": "总经理办公会批准"}
        case = office.as_("linxi").start("rule_amendment", **asked)
        assert case.variables["fills_only"] is True
        office.as_("wangfang").do("approve_amendment", amendment_decision="approve")
        assert case.end == "rule_amended"


def test_a_draft_that_was_overtaken_while_it_waited_is_not_published(office: Office) -> None:
    draft(office)
    case = ask(office)
    office.runtime.publish_rule(
        SYSTEM, KEY, office.runtime.do(drafts.save_rule, SYSTEM, KEY, text_of(office) + "\n# 别处\n", 1)
    )
    office.as_("wangfang").do("approve_amendment", amendment_decision="approve")
    assert version(office) == 2 and "另一版本" in case.variables["amendment_problem"]


def plan(office: Office) -> Any:
    case = office.as_("chenjie").start("purchase_plan")
    line = {"component": "LJ-M60-295", "quantity": 30, "need_by": str(dt.date(2026, 5, 4))}
    office.as_("chenjie").do("draft_plan", lines=[line])
    office.as_("wangfang").do("review_plan", manager_decision="approve")
    return case


def test_last_months_decisions_are_put_to_a_draft_and_each_reader_sees_the_cases_that_they_may(
    office: Office,
) -> None:
    plan(office)
    clock.shift(dt.timedelta(days=30))
    public_id = draft(office)
    assert public_id
    case = ask(office, on="2026-05-01")
    assert (case.variables["decisions"], case.variables["decided_differently"]) == (1, 1)
    seen = {
        who: office.runtime.read(rules.rule_page, office.as_(who).actor, KEY, "en").draft
        for who in ("wangfang", "linxi", "liyang")
    }
    assert seen["liyang"] is None
    manager, admin = seen["wangfang"].rehearsal, seen["linxi"].rehearsal  # type: ignore[union-attr]
    assert manager.changed == admin.changed == 1  # type: ignore[union-attr]
    # The administrator sees no case of a purchase, so no line of it either.
    assert len(manager.lines) == 1 and admin.lines == []  # type: ignore[union-attr]
    assert (manager.lines[0].before, manager.lines[0].after) == (
        [("Last approver", "Manager")],
        [("Last approver", "Division lead")],
    )  # type: ignore[union-attr]


def test_what_its_author_saved_before_what_was_published_waits_no_more_and_what_others_saved_does(
    office: Office,
) -> None:
    def waiting() -> str | None:
        page = office.runtime.read(rules.rule_page, office.as_("linxi").actor, KEY, "en")
        return page.draft.id if page.draft else None

    office.runtime.do(accounts.set_groups, SYSTEM, "xuhui", ["analyst", "admin"])
    theirs = office.runtime.save_rule(office.as_("xuhui").actor, KEY, text_of(office), 1)[0]
    half = text_of(office).replace("amount <= 500000", "amount <= 2000")  # a gap: it is saved once more
    assert waiting() == theirs
    assert office.runtime.save_rule(office.as_("linxi").actor, KEY, half, 1)[0] == waiting() != theirs
    assert draft(office) == waiting()
    ask(office)
    office.as_("wangfang").do("approve_amendment", amendment_decision="approve")
    assert (version(office), waiting()) == (2, theirs)


def test_this_months_decisions_are_not_last_months(office: Office) -> None:
    plan(office)
    draft(office)
    assert ask(office).variables["decisions"] == 0


def test_only_the_newest_of_very_many_decisions_are_replayed(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(office)
    plan(office)
    clock.shift(dt.timedelta(days=30))
    monkeypatch.setattr(amendments, "MOST_REPLAYED", 1)
    draft(office)
    assert ask(office, on="2026-05-01").variables["decisions"] == 1


def test_a_draft_that_was_dropped_is_gone(office: Office) -> None:
    draft(office)
    ask(office)
    office.as_("wangfang").do("approve_amendment", amendment_decision="reject", amendment_comment="不")
    left = office.runtime.read(
        lambda tx, actor: tx.all(
            sa.select(deployments.resources.c.id).where(deployments.resources.c.state == "draft")
        ),
        SYSTEM,
    )
    assert left == []
