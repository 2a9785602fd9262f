"""Who gets a task: people named relative to the case, what happens when nobody is left, and when."""

from __future__ import annotations

import pytest

from runtime.commands import accounts, user_tasks
from runtime.commands.user_tasks import NotYourOwn
from runtime.identity import SYSTEM
from runtime.queries import inbox
from tests.diagrams import bpmn, element, end, field, form_data, properties, start, user
from tests.office import Office

EVERYBODY = ("lead", "boss", "sup", "spec", "spec2", "hr", "money", "buyer", "root")


def one(key: str, **attributes: str) -> str:
    return bpmn("ask", start(), user(key, **attributes), end())


def elements(office: Office, username: str) -> list[str]:
    return [row.element for row in office.as_(username).inbox()]


def test_whoever_started_the_case_their_superior_and_the_holder_of_a_role_are_found(firm: Office) -> None:
    firm.deploy(
        bpmn(
            "ask",
            start(),
            user("own", assignee="${initiator}"),
            user("above", assignee="${superior_of(initiator)}"),
            user("role", assignee="${holder_of('manager')}"),
            end(),
        )
    )
    firm.as_("spec").start("ask")
    for username, task in (("spec", "own"), ("sup", "above"), ("boss", "role")):
        assert elements(firm, username) == [task]
        firm.as_(username).do(task)


def test_a_field_of_a_form_names_who_is_next(firm: Office) -> None:
    firm.deploy(
        bpmn(
            "ask",
            start(inside=form_data(field("helper"))),
            user("help", assignee="${helper}"),
            end(),
        )
    )
    firm.as_("spec").start("ask", helper=firm.as_("buyer").actor.public_id)
    assert elements(firm, "buyer") == ["help"]


def test_several_people_are_asked_one_after_the_other(firm: Office) -> None:
    loop = (
        '<multiInstanceLoopCharacteristics isSequential="true" camunda:elementVariable="person" '
        "camunda:collection=\"${[superior_of(initiator), holder_of('manager')]}\"/>"
    )
    firm.deploy(bpmn("ask", start(), user("sign", loop, assignee="${person}"), end()))
    case = firm.as_("spec").start("ask")
    assert (elements(firm, "sup"), elements(firm, "boss")) == (["sign"], [])
    firm.as_("sup").do("sign")
    assert (elements(firm, "sup"), elements(firm, "boss")) == ([], ["sign"])
    firm.as_("boss").do("sign")
    assert case.status == "completed"


def test_the_standards_own_performer_and_owners_are_asked(firm: Office) -> None:
    def owner(tag: str, text: str) -> str:
        inside = f"<formalExpression>{text}</formalExpression>"
        return f"<{tag}><resourceAssignmentExpression>{inside}</resourceAssignmentExpression></{tag}>"

    firm.deploy(
        bpmn(
            "ask",
            start(),
            element("userTask", "mine", owner("humanPerformer", "${initiator}")),
            element("userTask", "theirs", owner("potentialOwner", "group(manager)")),
            end(),
        )
    )
    firm.as_("spec").start("ask")
    firm.as_("spec").do("mine")
    assert elements(firm, "boss") == ["theirs"]


def test_a_rule_of_the_process_says_who_does_what_nobody_else_may(firm: Office) -> None:
    own = "${initiator}"
    for rule, who in (("superior", "lead"), ("fallback", "buyer"), ("refuse", "root")):
        firm.deploy(
            bpmn(
                f"ask_{rule}",
                start(),
                user("approve", properties(excludes=own), candidateGroups="manager"),
                end(),
                starters="manager",
                extra=properties(nobody=rule, fallback="purchasing"),
            )
        )
        firm.as_("boss").start(f"ask_{rule}")
        assert elements(firm, who) == ["approve"], rule
        firm.as_(who).do("approve")
        assert elements(firm, "boss") == []
    assert [told.partition(":")[0] for told in firm.incidents()] == []


def test_a_task_may_have_another_rule_than_its_process(firm: Office) -> None:
    inside = properties(excludes="${initiator}", nobody="refuse")
    firm.deploy(
        bpmn(
            "ask",
            start(),
            user("approve", inside, candidateGroups="manager"),
            end(),
            starters="manager",
            extra=properties(nobody="superior"),
        )
    )
    firm.as_("boss").start("ask")
    assert elements(firm, "lead") == []
    assert firm.incidents()[0].startswith("approve: user_task.nobody")


def test_an_expression_that_finds_nobody_leads_to_the_fallback_of_the_process(firm: Office) -> None:
    firm.deploy(
        bpmn(
            "ask",
            start(),
            user("sign", assignee="${superior_of(superior_of(initiator))}"),
            end(),
            starters="manager",
            extra=properties(nobody="fallback", fallback="purchasing"),
        )
    )
    firm.as_("boss").start("ask")
    assert elements(firm, "buyer") == ["sign"]


def test_what_was_meant_for_somebody_who_left_goes_to_their_superior(firm: Office) -> None:
    firm.deploy(
        bpmn("ask", start(inside=form_data(field("helper"))), user("help", assignee="${helper}"), end())
    )
    gone = firm.as_("spec2").actor.public_id
    firm.runtime.do(accounts.deactivate, SYSTEM, "spec2")
    firm.as_("spec").start("ask", helper=gone)
    assert elements(firm, "sup") == ["help"]


def test_what_only_somebody_who_left_could_claim_goes_up_the_line_and_to_whoever_joins(firm: Office) -> None:
    firm.deploy(one("pay", candidateGroups="finance"))
    firm.as_("spec").start("ask")
    firm.runtime.do(accounts.deactivate, SYSTEM, "money")
    assert (elements(firm, "lead"), elements(firm, "root")) == (["pay"], [])
    firm.runtime.do(accounts.set_groups, SYSTEM, "spec2", ["finance"])
    assert elements(firm, "spec2") == ["pay"]


def test_what_only_one_person_by_name_could_claim_goes_up_the_line_when_they_leave(firm: Office) -> None:
    firm.deploy(
        bpmn("ask", start(inside=form_data(field("helper"))), user("help", candidateUsers="${helper}"), end())
    )
    firm.as_("spec").start("ask", helper=firm.as_("spec2").actor.public_id)
    assert elements(firm, "spec2") == ["help"]
    firm.runtime.do(accounts.deactivate, SYSTEM, "spec2")
    assert elements(firm, "sup") == ["help"]
    firm.runtime.do(accounts.deactivate, SYSTEM, "sup")
    assert elements(firm, "boss") == ["help"]


def test_where_every_administrator_is_barred_the_fallback_is_asked_instead(firm: Office) -> None:
    said = properties(excludes="${barred}", nobody="fallback", fallback="purchasing")
    begin = start(inside=form_data(field("barred")))
    firm.deploy(bpmn("ask", begin, user("pay", said, candidateGroups="finance"), end()))
    firm.as_("spec").start("ask", barred=firm.as_("root").actor.public_id)
    firm.runtime.do(accounts.deactivate, SYSTEM, "money")
    assert (elements(firm, "root"), elements(firm, "buyer")) == ([], ["pay"])


@pytest.mark.parametrize("rule", ["superior", "fallback", "refuse"])
def test_where_all_up_to_the_administrators_are_barred_human_resources_are_asked_then_finance(
    firm: Office, rule: str
) -> None:
    """As in a simulated year: manager and lead had counted, whoever administers had explained."""
    who = {name: firm.as_(name).actor.public_id for name in ("sup", "boss", "lead", "root")}
    barred = "${[" + ", ".join(f"'{who[name]}'" for name in ("sup", "boss", "lead", "root")) + "]}"
    said = properties(excludes=barred, nobody=rule, fallback="supervisor")
    review, sign = user("review", said, candidateGroups="supervisor"), user("sign", candidateGroups="specialist")
    firm.deploy(bpmn("ask", start(), review, sign, end()))
    firm.as_("spec").start("ask")
    assert [name for name in EVERYBODY if elements(firm, name)] == ["hr"]
    assert firm.incidents()[0].startswith("review: user_task.nobody")
    firm.runtime.do(accounts.deactivate, SYSTEM, "hr")  # and now they go as well
    assert [name for name in EVERYBODY if name != "hr" and elements(firm, name)] == ["money"]
    firm.as_("money").do("review")
    assert firm.incidents() == []  # and not only at the case's end
    assert elements(firm, "spec") == ["sign"]


def test_what_an_empty_group_is_asked_is_done_by_the_superior_of_who_left_it_until_somebody_joins(firm: Office) -> None:
    firm.deploy(one("pay", candidateGroups="finance"))
    firm.runtime.do(accounts.deactivate, SYSTEM, "money")
    firm.as_("spec").start("ask")
    assert [name for name in EVERYBODY if name != "money" and elements(firm, name)] == ["lead"]
    assert firm.incidents() == []
    firm.runtime.do(accounts.set_groups, SYSTEM, "spec2", ["finance"])
    assert elements(firm, "spec2") == ["pay"]


def test_what_names_somebody_who_is_nobody_here_is_the_administrators_with_the_reason(firm: Office) -> None:
    said = properties(excludes="${['nobody at all']}")
    firm.deploy(bpmn("ask", start(), user("judge", said, assignee="${'nobody here'}"), end()))
    firm.as_("spec").start("ask")
    assert elements(firm, "root") == ["judge"]
    assert firm.incidents()[0].startswith("judge: user_task.nobody")


def test_in_the_place_of_a_superior_who_left_stands_who_has_their_office_now(firm: Office) -> None:
    """The new manager reports to whom the old one did; who is at the top reports to nobody, and so does the next."""
    diagram = bpmn("ask", start(), user("judge", assignee="${superior_of(superior_of(initiator))}"), end())
    firm.deploy(diagram)
    firm.runtime.do(accounts.deactivate, SYSTEM, "boss")
    firm.as_("spec").start("ask")
    assert elements(firm, "lead") == ["judge"]  # nobody has it yet: the next above
    firm.runtime.do(accounts.add_person, SYSTEM, "boss2", {"en": "New"}, groups=["manager"], superior="lead")
    firm.as_("spec").start("ask")
    assert (elements(firm, "boss2"), elements(firm, "lead")) == (["judge"], ["judge"])
    firm.runtime.do(accounts.add_person, SYSTEM, "lead2", {"en": "Top"}, groups=["division_lead"])
    firm.runtime.do(accounts.deactivate, SYSTEM, "lead")
    firm.runtime.do(accounts.deactivate, SYSTEM, "boss2")
    firm.as_("spec").start("ask")
    assert elements(firm, "lead2").count("judge") == 3  # and what the others had
    assert "judge" not in [*elements(firm, "root"), *elements(firm, "spec2"), *elements(firm, "sup")]


def test_whoever_is_barred_does_not_do_it_as_an_administrator_and_whoever_joins_the_group_does(firm: Office) -> None:
    said = properties(excludes="${initiator}", nobody="fallback", fallback="analyst")
    diagram = bpmn("ask", start(), user("approve", said, candidateGroups="analyst"), end(), starters="admin")
    firm.deploy(diagram)
    for name in ("hr", "money"):  # nobody is left of whom a step is asked at last
        firm.runtime.do(accounts.deactivate, SYSTEM, name)
    firm.as_("root").start("ask")
    assert elements(firm, "root") == []
    assert [told.partition(":")[0] for told in firm.incidents()] == ["approve"]
    firm.runtime.do(accounts.set_groups, SYSTEM, "spec2", ["analyst"])
    assert elements(firm, "spec2") == ["approve"]
    task = firm.as_("spec2").find("approve")
    with pytest.raises(NotYourOwn):
        firm.runtime.do(user_tasks.claim, firm.as_("root").actor, task.id)
    with pytest.raises(NotYourOwn):
        firm.runtime.do(user_tasks.complete, firm.as_("root").actor, task.id, {})
    firm.as_("spec2").do("approve")
    assert firm.incidents() == []


def test_a_fallback_whose_only_member_is_barred_is_no_way_out(firm: Office) -> None:
    said = properties(excludes="${initiator}", nobody="fallback", fallback="manager")
    firm.deploy(bpmn("ask", start(), user("approve", said, candidateGroups="analyst"), end(), starters="manager"))
    firm.as_("boss").start("ask")
    assert (elements(firm, "boss"), elements(firm, "root")) == ([], ["approve"])
    assert firm.incidents()[0].startswith("approve: user_task.nobody")


def test_a_group_that_still_has_somebody_keeps_its_tasks_to_itself(firm: Office) -> None:
    firm.deploy(one("ship", candidateGroups="specialist"))
    firm.as_("spec").start("ask")
    firm.runtime.do(accounts.deactivate, SYSTEM, "spec2")
    assert (elements(firm, "spec"), elements(firm, "root")) == (["ship"], [])
    firm.runtime.do(accounts.set_groups, SYSTEM, "spec", ["analyst"])
    assert (elements(firm, "spec"), elements(firm, "sup"), elements(firm, "root")) == ([], ["ship"], [])


def test_a_task_comes_into_the_inbox_on_its_follow_up_date(firm: Office) -> None:
    firm.deploy(
        one("remind", candidateGroups="specialist", followUpDate="${after_days(now(), 3)}", priority="70")
    )
    firm.as_("spec").start("ask")
    desk = firm.as_("spec")
    assert desk.inbox() == []
    assert firm.runtime.read(inbox.counts, desk.actor).group == 0
    firm.later(days=3)
    assert [(row.element, row.priority) for row in desk.inbox()] == [("remind", 70)]
    assert firm.runtime.read(inbox.counts, desk.actor).group == 1


def test_a_task_is_overdue_after_its_due_date(firm: Office) -> None:
    firm.deploy(one("hurry", candidateGroups="specialist", dueDate="PT2H"))
    firm.as_("spec").start("ask")
    assert [row.overdue for row in firm.as_("spec").inbox()] == [False]
    firm.later(hours=3)
    assert [row.overdue for row in firm.as_("spec").inbox()] == [True]


def test_what_only_somebody_themselves_could_say_goes_to_the_fallback_when_they_leave(firm: Office) -> None:
    """A superior does not answer for their own subordinate; a task of the group is not in the way."""
    firm.deploy(
        bpmn(
            "ask",
            start(),
            user("answer", properties(nobody="fallback", fallback="purchasing"), assignee="${initiator}"),
            end(),
        )
    )
    firm.as_("spec2").start("ask")
    firm.runtime.do(accounts.deactivate, SYSTEM, "spec2", receiver=None)
    assert elements(firm, "sup") == [] and elements(firm, "root") == []
    assert elements(firm, "buyer") == ["answer"]


def test_for_who_is_on_leave_their_deputy_is_asked_unless_barred_else_the_next_superior(office: Office) -> None:
    """`acting(person, [barred])`: the supervisor is away today, and the manager's leave names nobody."""
    office.deploy(
        bpmn("ask", start(), user("judge", assignee="${acting(superior_of(initiator), [initiator])}"), end())
    )
    today = "2026-03-09"
    leave = {"leave_type": "personal", "leave_from": today, "leave_to": today, "leave_reason": "家事"}
    deputy = office.as_("zhoulei").actor.public_id
    office.as_("chenjie").start("leave_request", **leave, deputy=deputy)
    office.as_("wangfang").do("review_request", decision="approve")
    office.as_("liyang").start("ask")
    assert elements(office, "zhoulei") == ["judge"]
    office.as_("zhoulei").do("judge")
    office.as_("zhoulei").start("ask")  # a deputy does not judge their own
    assert "judge" in elements(office, "wangfang")
