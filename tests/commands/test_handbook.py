"""The handbook at work: who carries out what and how often, versions, and who has acknowledged which."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from click.testing import CliRunner

from runtime import clock
from runtime.cli import main
from runtime.commands import accounts, handbook
from runtime.identity import SYSTEM, NotGranted
from runtime.queries import handbook as pages
from runtime.queries import processes
from tests.diagrams import bpmn, end, properties, start, user
from tests.office import Office

OURS = """---
language: en
title: Ours
effective_from: {day}
---
# 1 Work

## 1.1 Asking

Ask {word} **first**.

## 1.2 Forgotten

Nobody does this.
"""
FIRST, LATER = dt.date(2026, 3, 1), dt.date(2026, 3, 20)


def ours(day: dt.date = FIRST, word: str = "politely") -> list[tuple[str, str]]:
    return [("ours.md", OURS.format(day=day, word=word))]


def page(firm: Office, who: str, language: str = "en") -> pages.HandbookPage:
    today = clock.now().date()
    return firm.runtime.read(pages.page, firm.as_(who).actor, language, today - dt.timedelta(days=30), today)


def clause(firm: Office, who: str, id: str = "1.1") -> pages.ClauseView:
    return next(entry for entry in page(firm, who).entries if entry.id == id)


@pytest.fixture
def asking(firm: Office) -> Office:
    """A firm with a handbook, and a process that carries out its first clause."""
    firm.deploy(
        bpmn(
            "ask",
            start(),
            user(
                "answer",
                properties(clause="1.1"),
                candidateGroups="supervisor",
                dueDate="${after_days(now(), 1)}",
            ),
            end(),
        )
    )
    firm.runtime.do(handbook.load, firm.as_("root").actor, ours(), "browser")
    return firm


# --- the page ----------------------------------------------------------------------


def test_processes_are_offered_by_the_handbooks_chapters_in_its_order(asking: Office) -> None:
    for key, of in (("a_later", "1.2"), ("z_first", "1.1-2"), ("b_elsewhere", "9.9")):
        go = user("go", candidateGroups="specialist")
        asking.deploy(bpmn(key, start(), go, end(), extra=properties(clause=of)))
    rows = asking.runtime.read(processes.startable, asking.as_("spec").actor, "en")
    offered = [(row.key, row.chapter) for row in rows]
    assert offered == [("z_first", "Work"), ("a_later", "Work"), ("ask", ""), ("b_elsewhere", "")]


def test_a_clause_tells_how_often_it_was_carried_out_and_how_much_in_time(asking: Office) -> None:
    for _ in range(3):
        asking.as_("spec").start("ask")
    asking.as_("sup").do("answer")
    asking.later(days=2)
    asking.as_("sup").do("answer")
    [carrier] = clause(asking, "boss").carriers
    assert (carrier.kind, carrier.key, carrier.element, carrier.by) == ("task", "ask", "answer", "person")
    assert carrier.figure == pages.Figure(done=2, on_time=1, open=1, overdue=1)
    assert clause(asking, "boss").figure == carrier.figure
    # What happened before the period is not counted; what is open is, whenever it began.
    asking.later(days=40)
    assert clause(asking, "boss").figure == pages.Figure(open=1, overdue=1)


def test_figures_are_of_the_cases_that_the_reader_may_see(asking: Office) -> None:
    asking.as_("spec").start("ask")
    asking.as_("spec2").start("ask")
    asking.as_("sup").do("answer")
    done = {who: clause(asking, who).figure for who in ("boss", "spec", "spec2", "buyer")}
    assert done["boss"] == pages.Figure(done=1, on_time=1, open=1)
    assert done["spec"] == pages.Figure(done=1, on_time=1)
    assert done["spec2"] == pages.Figure(open=1)
    assert done["buyer"] == pages.Figure()  # has nothing to do with either


def test_a_clause_that_nothing_carries_out_stands_out(asking: Office) -> None:
    found = page(asking, "spec")
    assert (found.clauses, found.missing) == (2, 1)
    assert clause(asking, "spec", "1.2").carriers == []
    assert "<strong>first</strong>" in clause(asking, "spec").html
    assert page(asking, "spec", "zh_Hans").foreign


def test_the_page_asks_the_same_few_statements_however_long_the_handbook_is(asking: Office) -> None:
    boss, today = asking.as_("boss").actor, clock.now().date()

    def statements() -> int:
        asking.runtime.read(pages.page, boss, "en", FIRST, today)  # what stays as it is deployed is kept
        with asking.counted() as said:
            asking.runtime.read(pages.page, boss, "en", FIRST, today)
        return len(said)

    few = statements()
    body = "".join(f"\n## 2.{number} More\n\nMore.\n" for number in range(200))
    more = [("ours.md", OURS.format(day=FIRST, word="twice") + "\n# 2 More\n" + body)]
    asking.runtime.do(handbook.load, asking.as_("root").actor, more, "browser")
    assert statements() == few == 6
    assert len(page(asking, "boss").entries) > 200


def test_the_shipped_handbook_is_there_from_the_start_and_leads_to_each_process(office: Office) -> None:
    found = page(office, "liyang", "zh_Hans")
    assert found.clauses == 69 and found.in_force
    for entry in found.entries:
        for carrier in entry.carriers:
            assert carrier.name and carrier.name != carrier.element
            if carrier.kind in ("process", "task"):
                drawn = office.runtime.read(processes.drawn, office.as_("liyang").actor, carrier.key, "en")
                assert not carrier.element or carrier.element in drawn.xml
    assert found.missing < 69


# --- versions ----------------------------------------------------------------------


def test_a_version_holds_from_its_day_on(asking: Office) -> None:
    root = asking.as_("root").actor
    assert asking.runtime.do(handbook.load, root, ours(LATER, "kindly"), "browser") == 2
    assert page(asking, "spec").number == 1
    asking.later(days=14)
    assert page(asking, "spec").number == 2
    listed = asking.runtime.read(pages.versions, root)
    assert [(row.number, row.in_force, row.origin) for row in listed] == [
        (2, True, "browser"),
        (1, False, "browser"),
    ]
    with pytest.raises(handbook.HandbookAlreadyLoaded):
        asking.runtime.do(handbook.load, root, ours(LATER, "kindly"), "browser")


def test_a_broken_handbook_is_not_loaded(firm: Office) -> None:
    with pytest.raises(handbook.HandbookRefused) as refused:
        firm.runtime.do(handbook.load, firm.as_("root").actor, [("x.md", "# 1 One\n")], "browser")
    assert [problem.rule for problem in refused.value.problems] == ["handbook.no_head"]
    with pytest.raises(pages.NoHandbook):
        page(firm, "spec")


def test_only_who_may_publish_loads_one(asking: Office) -> None:
    for who in ("spec", "boss", "hr"):
        with pytest.raises(NotGranted):
            asking.runtime.do(handbook.load, asking.as_(who).actor, ours(LATER), "browser")
        with pytest.raises(NotGranted):
            asking.runtime.read(pages.versions, asking.as_(who).actor)


def test_a_companys_own_handbook_is_not_replaced_by_the_products_next_one(office: Office) -> None:
    runtime, root = office.runtime, office.as_("linxi").actor
    newer = [("handbook.md", OURS.format(day=FIRST, word="anew"))]
    runtime.do(handbook.take, SYSTEM, newer)
    runtime.do(handbook.take, SYSTEM, newer)  # nothing changed since
    assert [row.origin for row in runtime.read(pages.versions, root)] == ["folder", "folder"]
    runtime.do(handbook.load, root, ours(word="our own way"), "browser")
    runtime.do(handbook.take, SYSTEM, [("handbook.md", OURS.format(day=FIRST, word="yet again"))])
    assert runtime.read(pages.versions, root)[0].origin == "browser"


def test_the_command_line_loads_one_and_tells_what_nothing_carries_out(
    firm: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUICHENG_HOME", str(firm.runtime.settings.home))
    monkeypatch.setenv("GUICHENG_LANGUAGE", "en")
    file = tmp_path / "ours.md"
    file.write_text(ours()[0][1], encoding="utf-8")
    done = CliRunner().invoke(main, ["handbook", "load", str(file)])
    assert done.exit_code == 0, done.output
    assert "Loaded as version 1." in done.output and "Nothing carries out the clause 1.2" in done.output
    assert page(firm, "spec").title == "Ours"
    checked = CliRunner().invoke(main, ["handbook", "check", str(file)])
    assert checked.exit_code == 2 and f"{file}:12: error: Nothing carries out" in checked.output
    twice = CliRunner().invoke(main, ["handbook", "check", str(file), str(file)])
    assert twice.exit_code == 2 and "Two files are in the language" in twice.output
    file.write_bytes("制度".encode("gbk"))
    unread = CliRunner().invoke(main, ["handbook", "check", str(file)])
    assert unread.exit_code == 2 and f"{file}:1:1: error:" in unread.output and "heading" not in unread.output


# --- acknowledgement ---------------------------------------------------------------


def test_each_version_is_acknowledged_anew(asking: Office) -> None:
    spec = asking.as_("spec").actor
    assert asking.runtime.read(pages.pending, spec) == 1
    asking.runtime.do(handbook.acknowledge, spec, 1)
    asking.runtime.do(handbook.acknowledge, spec, 1)  # twice is once
    assert page(asking, "spec").acknowledged_at == clock.now()
    assert asking.runtime.read(pages.pending, spec) is None
    asking.runtime.do(handbook.load, asking.as_("root").actor, ours(LATER, "kindly"), "browser")
    assert asking.runtime.read(pages.pending, spec) is None  # the next one does not hold yet
    asking.later(days=14)
    assert asking.runtime.read(pages.pending, spec) == 2
    with pytest.raises(handbook.HandbookMovedOn):
        asking.runtime.do(handbook.acknowledge, spec, 1)


def test_who_has_not_acknowledged_is_told_to_whom_it_concerns(asking: Office) -> None:
    asking.runtime.do(handbook.acknowledge, asking.as_("spec").actor, 1)

    def told(who: str) -> dict[str, bool]:
        number, rows = asking.runtime.read(pages.readers, asking.as_(who).actor)
        assert number == 1
        return {row.person.name("en"): row.at is not None for row in rows}

    assert told("sup") == {"Sup": False, "Spec": True, "Spec2": False}
    assert told("spec") == {"Spec": True}
    assert len(told("hr")) == len(told("root")) == 9
    asking.runtime.do(accounts.deactivate, SYSTEM, "spec2")
    assert "Spec2" not in told("hr")
