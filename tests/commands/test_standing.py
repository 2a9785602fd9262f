"""Where an open case waits and with whom, in the list of what somebody started and in what they find."""

from __future__ import annotations

import pytest

from runtime import i18n
from runtime.commands import accounts, user_tasks
from runtime.identity import SYSTEM
from runtime.queries import called as called_cases
from runtime.queries import inbox, search, standing
from tests.diagrams import bpmn, element, end, flow, properties, start, timer, user
from tests.office import Case, Office
from tests.queries_seen import asked, scans


def words(of: standing.Standing, language: str = "en") -> list[tuple[str, str]]:
    return [(step.element, standing.whom(step, language)) for step in of.first]


def started(firm: Office, username: str, case: Case) -> standing.Standing:
    rows = firm.runtime.read(inbox.started, firm.as_(username).actor).rows
    return next(row.standing for row in rows if row.id == case.id)


def found(firm: Office, username: str, text: str) -> list[standing.Standing]:
    return [row.standing for row in firm.runtime.read(search.find, firm.as_(username).actor, text).cases]


def several(number: int) -> str:
    of = f"<loopCardinality>{number}</loopCardinality>"
    return f"<multiInstanceLoopCharacteristics>{of}</multiInstanceLoopCharacteristics>"


def messages(*names: str) -> str:
    return "".join(f'<message id="{name}" name="{name}"/>' for name in names)


def sends(key: str, message: str, number: str) -> tuple[str, str, str]:
    """A task that begins a case by a message, under a number that the case is told."""
    inside = (
        '<extensionElements><camunda:inputOutput><camunda:inputParameter name="number">'
        f'{number}</camunda:inputParameter></camunda:inputOutput><camunda:properties>'
        f'<camunda:property name="correlation_key" value="{number}"/></camunda:properties></extensionElements>'
    )
    return element("sendTask", key, inside, messageRef=message)


def awaits(key: str, message: str, number: str) -> tuple[str, str, str]:
    return element("receiveTask", key, properties(correlation_key=number), messageRef=message)


def calling(process: str, *, number: str, begins: str, ends: str, more: str = "", told: str = "") -> str:
    """A process that begins a case by a message and waits for its answer; itself begun by `more` if given, which it
    answers by `told`."""
    begun = start("asked_for", f'<messageEventDefinition messageRef="{more}"/>') if more else start()
    done = answer(told) if told else end()
    names = [name for name in (begins, ends, more, told) if name]
    return bpmn(
        process, begun, sends("call", begins, number), awaits("wait", ends, number), done, before=messages(*names)
    )


def answer(message: str) -> tuple[str, str, str]:
    inside = properties(correlation_key="${number}") + f'<messageEventDefinition messageRef="{message}"/>'
    return end("answered", inside)


def called(process: str, begins: str, ends: str, *steps: tuple[str, str, str], extra: str = "") -> str:
    return bpmn(
        process, start("asked_for", f'<messageEventDefinition messageRef="{begins}"/>'), *steps, answer(ends),
        before=messages(begins, ends), extra=extra,
    )  # fmt: skip


COUNTING = calling("counting", number="${'S-1'}", begins="sheet_opened", ends="sheet_done")
COUNT = user("count", candidateGroups="specialist")
SHEET = called("sheet", "sheet_opened", "sheet_done", COUNT, user("judge", candidateGroups="manager"))


def test_an_open_case_says_at_which_step_it_waits_and_with_whom(firm: Office) -> None:
    firm.deploy(bpmn("order", start(), user("check", candidateGroups="specialist,purchasing"), end()))
    case = firm.as_("spec").start("order")
    assert words(started(firm, "spec", case)) == [("check", "Purchasing, Operations specialist")]
    assert words(started(firm, "spec", case), "zh_Hans") == [("check", "采购部、运营专员")]
    assert [words(each) for each in found(firm, "sup", "order")] == [[("check", "Purchasing, Operations specialist")]]
    firm.runtime.do(user_tasks.claim, firm.as_("spec2").actor, firm.as_("spec2").find("check").id)
    assert words(started(firm, "spec", case)) == [("check", "Spec2")]
    assert [words(each) for each in found(firm, "sup", "order")] == [[("check", "Spec2")]]
    # The case's own page says the same.
    assert firm.as_("spec").case_page(case.id, "en").diagrams[0].waiting == {"check": "Spec2"}
    firm.as_("spec2").do("check")
    assert started(firm, "spec", case) == standing.Standing()


def test_of_several_open_steps_the_first_two_that_differ_are_said_and_how_many_more_there_are(firm: Office) -> None:
    fork, join = (element("parallelGateway", key) for key in ("fork", "join"))
    firm.deploy(
        bpmn(
            "order", start(), fork, user("count", several(3), candidateGroups="specialist"),
            user("pay", candidateGroups="finance"), user("tell", candidateGroups="hr"), join, end(),
            flow("begun", "fork"), *(flow("fork", step) for step in ("count", "pay", "tell")),
            *(flow(step, "join") for step in ("count", "pay", "tell")), flow("join", "ended"),
        )
    )  # fmt: skip
    at = started(firm, "spec", firm.as_("spec").start("order"))
    assert len({step for step, _ in words(at)}) == 2 and (len(at.names), at.more) == (5, 3)
    # Three that are called alike and with the same people are said once.
    firm.as_("money").do("pay")
    firm.as_("hr").do("tell")
    [case] = firm.cases_of("order")
    at = started(firm, "spec", case)
    assert (words(at), at.more) == ([("count", "Operations specialist")], 2)
    firm.runtime.do(user_tasks.claim, firm.as_("spec2").actor, firm.as_("spec2").find("count").id)
    at = started(firm, "spec", case)
    assert (words(at), at.more) == ([("count", "Spec2"), ("count", "Operations specialist")], 1)


def test_a_case_waits_where_the_case_that_it_called_does_however_deep(firm: Office) -> None:
    firm.deploy(
        calling("planning", number="${'P-1'}", begins="counting_opened", ends="counting_done"),
        calling(
            "counting", number="${'S-1'}", begins="sheet_opened", ends="sheet_done", more="counting_opened",
            told="counting_done",
        ),
        SHEET,
    )  # fmt: skip
    case = firm.as_("spec").start("planning")
    firm.settle()
    [of_boss] = found(firm, "boss", "planning")
    assert words(of_boss) == [("count", "Operations specialist")]
    # Who may count does not see what the count is for, and so not that this one waits for it either.
    assert words(started(firm, "spec", case)) == [("wait", "")]
    firm.as_("spec2").do("count")
    [of_boss] = found(firm, "boss", "planning")
    assert words(of_boss) == [("judge", "Department manager")]
    firm.as_("boss").do("judge")
    assert firm.case(case.id).status == "completed" and started(firm, "spec", case) == standing.Standing()


def test_of_a_called_case_nobody_learns_more_than_they_see_of_it(firm: Office) -> None:
    """Then it is said at which step the case itself waits."""
    firm.deploy(COUNTING, called("sheet", "sheet_opened", "sheet_done", user("judge", candidateGroups="manager")))
    case = firm.as_("spec").start("counting")
    assert words(started(firm, "spec", case)) == [("wait", "")]
    assert [words(each) for each in found(firm, "boss", "counting")] == [[("judge", "Department manager")]]
    # A superior of who began it sees that case, and nothing of the one that the specialist does not see either.
    assert [words(each) for each in found(firm, "sup", "counting")] == [[("wait", "")]]


def test_of_called_cases_that_are_not_seen_lists_say_with_whom_they_are_and_never_at_which_step(firm: Office) -> None:
    judged = user("judge", candidateGroups="manager")
    begins = [sends(f"call_{n}", "sheet_opened", f"${{'S-{n}'}}") for n in range(3)]
    waits = [awaits(f"wait_{n}", "sheet_done", f"${{'S-{n}'}}") for n in range(3)]
    fork, join = (element("parallelGateway", key) for key in ("fork", "join"))
    firm.deploy(
        bpmn(
            "counting", start(), *begins, fork, *waits, join, end(), flow("begun", "call_0"), flow("call_0", "call_1"),
            flow("call_1", "call_2"), flow("call_2", "fork"), *(flow("fork", each[0]) for each in waits),
            *(flow(each[0], "join") for each in waits), flow("join", "ended"),
            before=messages("sheet_opened", "sheet_done"),
        ),
        called("sheet", "sheet_opened", "sheet_done", judged),
    )  # fmt: skip
    case = firm.as_("spec").start("counting")
    taken = firm.cases_of("sheet")[0].id
    firm.runtime.do(user_tasks.claim, firm.as_("boss").actor, firm.as_("boss").find("judge", taken).id)

    def told(of: standing.Standing) -> list[str]:
        return [standing.whom(each, "en") for each in of.holders]

    # Three sheets with two: each is named once.
    assert sorted(told(started(firm, "spec", case))) == ["Boss", "Department manager"]
    [of_sup] = found(firm, "sup", "counting")
    assert sorted(told(of_sup)) == ["Boss", "Department manager"]
    assert all("judge" not in step for of in (of_sup, started(firm, "spec", case)) for step in words(of))
    # The page says so of each.
    calls = firm.as_("sup").case_page(case.id).calls.first
    assert {standing.whom(each, "en") for call in calls for each in call.holders} == {"Boss", "Department manager"}
    # Whoever sees them reads the step instead.
    [of_boss] = found(firm, "boss", "counting")
    assert of_boss.holders == () and {step for step, _ in words(of_boss)} == {"judge"}
    for _ in calls:
        firm.as_("boss").do("judge")
    assert started(firm, "spec", case) == standing.Standing()


@pytest.mark.parametrize("kind", ["true", "hr"])
def test_a_confidential_called_case_is_told_to_whom_it_concerns_alone(firm: Office, kind: str) -> None:
    secret = properties(confidential=kind)
    firm.deploy(
        COUNTING, called("sheet", "sheet_opened", "sheet_done", user("judge", candidateGroups="hr"), extra=secret)
    )
    case = firm.as_("spec").start("counting")
    assert words(started(firm, "spec", case)) == [("wait", "")]
    assert [words(each) for each in found(firm, "boss", "counting")] == [[("wait", "")]]
    assert words(started(firm, "spec", case)) != [("judge", "Human resources")]
    assert started(firm, "spec", case).holders == ()
    # Nor by the page of what called it, whoever reads that.
    assert [firm.as_(who).case_page(case.id).calls.first for who in ("spec", "boss")] == [[], []]
    # Whoever may know where such a case stands is told.
    of = "hr_case" if kind == "hr" else "confidential_case"
    firm.runtime.do(accounts.grant, SYSTEM, "manager", "read", of, "any", "title,status,diagram,tasks")
    assert [words(each) for each in found(firm, "boss", "counting")] == [[("judge", "Human resources")]]


def test_a_case_that_another_began_and_does_not_wait_for_is_not_where_that_one_waits(firm: Office) -> None:
    """A leave waits for its withdrawal under the number under which it asked for a sick note."""
    begun = calling("counting", number="${'S-1'}", begins="sheet_opened", ends="another")
    firm.deploy(begun, SHEET, bpmn("third_case", start("asked_for", '<messageEventDefinition messageRef="third"/>'),
                                   user("other", candidateGroups="hr"), answer("another"),
                                   before=messages("third", "another")))  # fmt: skip
    case = firm.as_("spec").start("counting")
    assert [row.element for row in firm.as_("spec").inbox()] == ["count"]
    assert words(started(firm, "spec", case)) == [("wait", "")]
    assert firm.as_("spec").case_page(case.id).calls.first == []


def test_a_page_says_of_a_hundred_called_cases_and_how_many_more_in_as_many_statements(
    firm: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(called_cases, "MOST", 2)
    begins = [sends(f"call_{n}", "sheet_opened", f"${{'S-{n}'}}") for n in range(3)]
    firm.deploy(
        bpmn("counting", start(), *begins, awaits("wait", "sheet_done", "${'S-0'}"), end(),
             before=messages("sheet_opened", "sheet_done")), SHEET,
    )  # fmt: skip
    case = firm.as_("spec").start("counting")
    [first, *_] = firm.cases_of("sheet")
    firm.as_("spec").do("count", first.id)
    page = firm.as_("spec").case_page(case.id)
    assert (len(page.calls.first), page.calls.more) == (2, 1)
    assert [[holder.groups for holder in each.holders] for each in page.calls.first] == [[("specialist",)]] * 2
    row = next(each.row for each in firm.cases_of("counting"))
    with asked(firm.runtime.engine) as statements:
        firm.runtime.read(lambda tx, actor: called_cases.called(tx, actor, row), firm.as_("spec").actor)
    ours = [each for each in statements if "user_tasks" in each[0] or "cases" in each[0] or "candidates" in each[0]]
    assert len(ours) == 3
    assert scans(firm.runtime.engine, ours, "user_tasks", "user_task_candidates", "cases", "jobs") == []


def test_what_began_under_another_key_is_not_waited_for(firm: Office) -> None:
    other = bpmn(
        "counting", start(), sends("first", "sheet_opened", "${'S-1'}"), sends("second", "sheet_opened", "${'S-2'}"),
        awaits("wait", "sheet_done", "${'S-2'}"), end(), before=messages("sheet_opened", "sheet_done"),
    )  # fmt: skip
    firm.deploy(other, SHEET)
    case = firm.as_("spec").start("counting")
    assert len([row for row in firm.as_("spec").inbox() if row.element == "count"]) == 2
    assert len(started(firm, "spec", case).names) == 1


def test_of_a_confidential_case_of_which_only_the_standing_is_seen_no_event_is_named(firm: Office) -> None:
    secret = properties(confidential="true")
    firm.deploy(
        bpmn("appraise", start(), awaits("wait", "told", "${'N-1'}"), end(), extra=secret, before=messages("told"))
    )
    case = firm.as_("spec").start("appraise")
    assert started(firm, "spec", case) == standing.Standing()
    assert [words(each) for each in found(firm, "hr", "appraise")] == [[("wait", "")]]


def test_what_is_waited_for_is_called_alike_by_lists_and_page_in_every_language(firm: Office) -> None:
    texts = {"correlation_key": "${'S-1'}", "name_en": "Await sheet", "name_zh_hant": "等待盤點表"}
    wait = element("receiveTask", "wait", properties(**texts), messageRef="done")
    named = bpmn("counting", start(), wait, end(), before=messages("done"))
    firm.deploy(named.replace('name="wait"', 'name="等待盘点表"'))
    case = firm.as_("spec").start("counting")
    for language, said in (("en", "Await sheet"), ("zh_Hans", "等待盘点表"), ("zh_Hant", "等待盤點表")):
        [step] = started(firm, "spec", case).first
        assert i18n.label(language, dict(step.names)) == said
        [view] = firm.as_("spec").case_page(case.id, language).diagrams
        assert view.waiting == {"wait": said}


def test_a_choice_of_events_waits_for_what_these_are_called_also_for_the_time(firm: Office) -> None:
    heard = element(
        "intermediateCatchEvent", "answer", properties(correlation_key="${'A-1'}")
        + '<messageEventDefinition messageRef="told"/>',
    )  # fmt: skip
    asks = bpmn(
        "asking", start(), element("eventBasedGateway", "which"), heard, timer("late", "timeDuration", "P2D"), end(),
        flow("begun", "which"), flow("which", "answer"), flow("which", "late"), flow("answer", "ended"),
        flow("late", "ended"), before=messages("told"),
    )  # fmt: skip
    firm.deploy(asks.replace('id="answer" name="answer"', 'id="answer"').replace('name="late"', 'name="两天后"'))
    case = firm.as_("spec").start("asking")
    [view] = firm.as_("spec").case_page(case.id, "en").diagrams
    assert view.waiting == {"which": "waits for the message told, 两天后"}
    assert started(firm, "spec", case).names == ({"en": "told"}, {"zh_Hans": "两天后"})


def test_however_many_cases_wait_a_page_asks_as_much_and_no_whole_table(firm: Office) -> None:
    firm.deploy(COUNTING.replace("${'S-1'}", "${initiator}-${now()}"), SHEET,
                bpmn("order", start(), user("check", candidateGroups="specialist"), end()))  # fmt: skip

    def said(username: str) -> list[tuple[str, object]]:
        read, actor = firm.runtime.read, firm.as_(username).actor
        read(inbox.started, actor), read(search.find, actor, "order"), read(search.find, actor, "counting")
        with asked(firm.runtime.engine) as statements:
            read(inbox.started, actor)
            read(search.find, actor, "order")
            read(search.find, actor, "counting")
        return statements

    def begin() -> None:
        for process in ("order", "counting"):
            firm.as_("spec").start(process)
        firm.later(seconds=1)

    begin()
    few = {who: len(said(who)) for who in ("spec", "sup", "boss")}
    for _ in range(4):
        begin()
    assert {who: len(said(who)) for who in few} == few
    tables = ("user_tasks", "user_task_candidates", "cases", "jobs", "sent", "subscriptions", "awaited", "people")
    for who in few:
        ours = [each for each in said(who) if "tree" in each[0] or "subscriptions" in each[0]]
        assert ours and scans(firm.runtime.engine, ours, *tables) == []
