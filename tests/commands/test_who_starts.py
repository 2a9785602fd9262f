"""Who may start a process by hand, as its diagram says."""

from __future__ import annotations

import pytest

from runtime.commands.cases import NotYoursToStart
from runtime.queries import processes
from tests.diagrams import bpmn, end, start, user
from tests.office import Office


def errand(process: str, **attributes: str) -> str:
    said = "".join(f' camunda:{name}="{value}"' for name, value in attributes.items())
    text = bpmn(process, start(), user("go", candidateGroups="specialist"), end(), starters="")
    return text.replace(' camunda:candidateStarterGroups=""', said)


def offered(firm: Office, username: str) -> list[str]:
    return [row.key for row in firm.runtime.read(processes.startable, firm.as_(username).actor, "en")]


def test_a_process_is_offered_to_the_people_and_groups_that_it_names(firm: Office) -> None:
    firm.deploy(
        errand("by_group", candidateStarterGroups="manager, specialist"),
        errand("by_name", candidateStarterUsers="buyer,spec2"),
        errand("by_both", candidateStarterUsers="buyer", candidateStarterGroups="specialist"),
        errand("by_nobody"),
    )
    assert offered(firm, "spec") == ["by_both", "by_group"]
    assert offered(firm, "buyer") == ["by_both", "by_name"]
    assert offered(firm, "spec2") == ["by_both", "by_group", "by_name"]
    assert offered(firm, "boss") == ["by_group"]
    firm.as_("buyer").start("by_name")
    for username, process in (("spec", "by_name"), ("boss", "by_both"), ("root", "by_nobody")):
        with pytest.raises(NotYoursToStart):
            firm.as_(username).start(process)


def test_a_process_that_is_not_startable_is_offered_to_nobody(firm: Office) -> None:
    firm.deploy(errand("inner", candidateStarterGroups="specialist", isStartableInTasklist="false"))
    assert offered(firm, "spec") == []
    with pytest.raises(NotYoursToStart):
        firm.as_("spec").start("inner")


def test_the_newest_version_says_who_may_start_it(firm: Office) -> None:
    firm.deploy(errand("errand", candidateStarterGroups="specialist", versionTag="1", historyTimeToLive="P30D"))
    firm.deploy(errand("errand", candidateStarterGroups="manager", versionTag="2"))
    assert (offered(firm, "spec"), offered(firm, "boss")) == ([], ["errand"])
