"""Whoever decides on a rule's amendment reads what changes, line by line, and what it would have decided."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runtime.identity import SYSTEM
from runtime.queries import amendments
from runtime.queries.amendments import Part, changes
from runtime.queries.rules import table_of
from runtime.rules import rulefile
from runtime.store.deployments import resources
from tests.commands.test_amendments import ask, draft, text_of
from tests.office import Office
from tests.web.test_with_runtime import Browser


def told(office: Office, who: str, language: str = "en") -> Any:
    desk = office.as_(who)
    task = desk.find("approve_amendment")
    return office.runtime.read(amendments.of_task, desk.actor, task.id, language)


def table(text: str) -> Any:
    file, problems = rulefile.load(text, "approval_limits.yaml")
    assert file is not None, problems
    return table_of(file, "en")


def test_the_approver_reads_each_line_that_changes_from_what_to_what(office: Office) -> None:
    draft(office)
    case = ask(office)
    found = told(office, "wangfang")
    assert (found.rule, found.version, str(found.effective_from)) == ("approval_limits", 1, "2026-04-01")
    assert found.changes and all(each.kind == "changed" for each in found.changes)
    whens = [part for each in found.changes for part in each.parts if part.what == "When"]
    assert whens and all("500000" in part.before and "1000" in part.after and part.code for part in whens)
    assert found.examples == 2 and "+" in found.text
    page = Browser(office, "wangfang").client.get(f"/tasks/{office.as_('wangfang').find('approve_amendment').id}").text
    assert "改动内容" in page and "500,000" in page and "≤ 1,000" in page and "上月没有用到这条规则" in page
    assert page.index("改动内容") < page.index("<details><summary>规则文件中的改动") < page.index("data-form-body")
    office.as_("wangfang").do("approve_amendment", amendment_decision="approve")
    assert case.end == "rule_amended"


def test_a_draft_says_on_its_rules_page_what_it_changes_before_anybody_is_asked(office: Office) -> None:
    which = draft(office)
    for who in ("linxi", "wangfang"):  # who edits rules, and who answers for the figures of this one
        found = office.runtime.read(amendments.of_draft, office.as_(who).actor, which, "en")
        assert found is not None and [each.kind for each in found.changes] and found.examples == 2
    assert office.runtime.read(amendments.of_draft, office.as_("liyang").actor, which, "en") is None
    page = Browser(office, "linxi").client.get("/rules/approval_limits").text
    assert page.index("有草稿") < page.index("改动内容") < page.index("≤ 1,000")
    assert "改动内容" not in Browser(office, "liyang").client.get("/rules/approval_limits").text


def test_nobody_else_is_told_of_the_draft_and_other_tasks_have_none(office: Office) -> None:
    draft(office)
    ask(office)
    task = office.as_("wangfang").find("approve_amendment").id
    for who in ("liyang", "chenjie"):
        assert office.runtime.read(amendments.of_task, office.as_(who).actor, task, "en") is None
    office.as_("chenjie").start("purchase_plan")
    other = office.as_("chenjie").find("draft_plan").id
    assert office.runtime.read(amendments.of_task, office.as_("chenjie").actor, other, "en") is None


def test_a_draft_that_is_gone_leaves_the_task_as_it_is(office: Office) -> None:
    public_id = draft(office)
    ask(office)
    task = office.as_("wangfang").find("approve_amendment").id
    gone = office.runtime.read(amendments.of_task, office.as_("wangfang").actor, task, "en")
    assert gone is not None and public_id
    office.runtime.do(lambda tx, actor: tx.execute(resources.delete().where(resources.c.state == "draft")), SYSTEM)
    assert office.runtime.read(amendments.of_task, office.as_("wangfang").actor, task, "en") is None
    assert Browser(office, "wangfang").client.get(f"/tasks/{task}").status_code == 200


@pytest.mark.parametrize("language", ["en", "zh_Hans", "zh_Hant"])
def test_words_are_the_readers(office: Office, language: str) -> None:
    draft(office)
    ask(office)
    parts = [part.what for each in told(office, "wangfang", language).changes for part in each.parts]
    assert {"en": "When", "zh_Hans": "条件", "zh_Hant": "條件"}[language] in parts


def test_what_is_added_taken_away_or_stands_elsewhere_is_told(office: Office) -> None:
    old = table(text_of(office))
    first, second, *rest = old.lines
    assert changes(old, old, "en") == []
    [removed] = changes(old, replace(old, lines=[first, *rest]), "en")
    assert (removed.kind, removed.place) == ("removed", second.label)
    assert all(part.after is None for part in removed.parts)
    [added] = changes(replace(old, lines=[first, *rest]), old, "en")
    assert added.kind == "added" and all(part.before is None for part in added.parts)
    [moved] = changes(old, replace(old, lines=[second, first, *rest]), "en")
    assert moved.parts[0].what == "Their order" and moved.parts[0].after.startswith(second.label)
    [whole] = changes(old, replace(old, samples=not old.samples, hit="collect"), "en")
    assert Part("Which lines count", "the first that fits", "all that fit") in whole.parts
