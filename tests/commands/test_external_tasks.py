"""External workers: who may fetch what, what a lock is worth, and what becomes of the case."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import Future, ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from runtime import bootstrap, clock
from runtime.bell import Bell
from runtime.bootstrap import Runtime
from runtime.commands import accounts, advance, external_tasks, incidents
from runtime.commands.external_tasks import Locked, Wanted
from runtime.identity import SYSTEM, NotGranted
from runtime.ledger import operations
from runtime.queries import external_tasks as asked
from runtime.queries import inbox
from runtime.queries import incidents as incident_queries
from runtime.store import external_tasks as stored
from runtime.values import NotAValue
from tests.diagrams import bpmn, element, end, flow, properties, service, start, timer, user
from tests.office import Case, Desk, Office

BILL = bpmn(
    "bill",
    start(),
    service("send_bill", "billing.send", amount="${12.50}"),
    user("file", candidateGroups="specialist"),
    end(),
)
OUTPUTS = (
    "<extensionElements><camunda:inputOutput>"
    '<camunda:inputParameter name="amount">${12.50}</camunda:inputParameter>'
    '<camunda:outputParameter name="bill">${number}</camunda:outputParameter>'
    "</camunda:inputOutput></extensionElements>"
)
REFUSED = '<error id="e" name="refused" errorCode="refused"/>'


def grant(
    firm: Office, group: str = "purchasing", topics: str = "billing.send", relation: str = "any"
) -> None:
    firm.runtime.do(accounts.grant, SYSTEM, group, "work", "topic", relation, topics)


def robot(firm: Office, name: str = "buyer") -> Desk:
    """An account that may work on billing.send."""
    grant(firm)
    return firm.as_(name)


def fetch(
    desk: Desk, worker: str = "w1", topic: str = "billing.send", most: int = 10, **about: Any
) -> list[Locked]:
    by_priority = about.pop("by_priority", False)
    wanted = [Wanted(topic, about.pop("seconds", 60), **about)]
    return desk.office.runtime.do(
        external_tasks.fetch_and_lock, desk.actor, worker, wanted, most, by_priority=by_priority
    )


def tell(desk: Desk, command: Any, task: Locked, *args: Any, worker: str = "w1", **kwargs: Any) -> Any:
    done = desk.office.runtime.do(command, desk.actor, task.id, worker, *args, **kwargs)
    desk.office.settle()
    return done


def states(firm: Office) -> list[str]:
    def rows(tx: Any, actor: Any) -> list[str]:
        task = stored.external_tasks
        return [row.state for row in tx.all(sa.select(task.c.state).order_by(task.c.id))]

    return firm.runtime.read(rows, SYSTEM)


def begun(firm: Office, diagram: str = BILL, process: str = "bill") -> Case:
    firm.deploy(diagram)
    return firm.as_("spec").start(process)


def started(firm: Office, variables: dict[str, Any]) -> str:
    """A case that begins with these variables."""

    def begin(tx: Any, actor: Any) -> str:
        return advance.begin(tx, actor, "bill", variables=variables).case

    return firm.runtime.do(begin, SYSTEM)


# --- what a worker gets and tells ----------------------------------------------------


def test_an_unknown_topic_waits_for_a_worker_and_what_it_tells_is_written(firm: Office) -> None:
    warnings = firm.deploy(BILL)
    assert "unknown_topic" in {warning.rule for warning in warnings}
    case = firm.as_("spec").start("bill")
    desk = robot(firm)
    (task,) = fetch(desk)
    assert (task.topic, task.element, task.process, task.case) == (
        "billing.send",
        "send_bill",
        "bill",
        case.id,
    )
    assert task.variables["amount"] == Decimal("12.50") and task.retries is None
    assert task.locked_until == clock.now() + dt.timedelta(seconds=60)
    tell(desk, external_tasks.complete, task, {"number": "B-7", "total": Decimal("12.50")})
    assert case.variables["number"] == "B-7" and case.variables["total"] == Decimal("12.50")
    assert "amount" not in case.variables
    firm.as_("spec").do("file", case.id)
    assert case.status == "completed" and states(firm) == ["done"]


def test_output_parameters_see_what_was_told_to_the_task_alone(firm: Office) -> None:
    task_ = element(
        "serviceTask", "send_bill", OUTPUTS, camunda__type="external", camunda__topic="billing.send"
    )
    case = begun(firm, bpmn("bill", start(), task_, user("file", candidateGroups="specialist"), end()))
    desk = robot(firm)
    tell(desk, external_tasks.complete, fetch(desk)[0], {"seen": True}, {"number": "B-8"})
    assert {name: case.variables.get(name) for name in ("seen", "number", "bill")} == {
        "seen": True, "number": None, "bill": "B-8",
    }  # fmt: skip


def test_a_worker_may_ask_for_some_variables_only(firm: Office) -> None:
    begun(firm)
    (task,) = fetch(robot(firm), variables=["amount", "nothing_of_the_kind"])
    assert dict(task.variables) == {"amount": Decimal("12.50")}


def test_what_is_no_value_is_refused_and_the_task_stays_locked(firm: Office) -> None:
    begun(firm)
    desk = robot(firm)
    (task,) = fetch(desk)
    with pytest.raises(NotAValue):
        tell(desk, external_tasks.complete, task, {"ratio": 0.5})
    tell(desk, external_tasks.complete, task, {})
    assert states(firm) == ["done"]


def test_a_file_that_is_not_the_workers_own_is_refused(firm: Office) -> None:
    from runtime.commands.user_tasks import NotYourFile
    from runtime.values import File

    begun(firm)
    desk = robot(firm)
    (task,) = fetch(desk)
    with pytest.raises(NotYourFile):
        tell(
            desk,
            external_tasks.complete,
            task,
            {"letter": File("0" * 64, "letter.pdf", "application/pdf", 3)},
        )


# --- locks ---------------------------------------------------------------------------


def test_two_workers_get_different_tasks(firm: Office) -> None:
    firm.deploy(BILL)
    for _ in range(3):
        firm.as_("spec").start("bill")
    desk = robot(firm)
    first, second = fetch(desk, "w1", most=2), fetch(desk, "w2", most=2)
    assert len(first) == 2 and len(second) == 1
    assert not {task.id for task in first} & {task.id for task in second}
    assert fetch(desk, "w3") == []


def test_a_lock_that_has_run_out_counts_for_nothing(firm: Office) -> None:
    case = begun(firm)
    desk = robot(firm)
    (late,) = fetch(desk, "w1", seconds=60)
    firm.later(seconds=61)
    (taken,) = fetch(desk, "w2")
    assert taken.id == late.id
    with pytest.raises(external_tasks.NotYourLock):
        tell(desk, external_tasks.complete, late, {"number": "late"}, worker="w1")
    tell(desk, external_tasks.complete, taken, {"number": "in time"}, worker="w2")
    with pytest.raises(external_tasks.ExternalTaskOver):
        tell(desk, external_tasks.complete, late, {"number": "late"}, worker="w1")
    assert case.variables["number"] == "in time"
    assert [entry.kind for entry in case.log].count("external_completed") == 1


def test_a_lock_that_has_run_out_counts_for_nothing_even_while_nobody_has_the_task(firm: Office) -> None:
    begun(firm)
    desk = robot(firm)
    (late,) = fetch(desk, seconds=60)
    firm.later(seconds=60)
    for command, *args in (
        (external_tasks.complete, {}),
        (external_tasks.failure, "no"),
        (external_tasks.bpmn_error, "refused"),
        (external_tasks.extend_lock, 60),
        (external_tasks.unlock,),
    ):
        with pytest.raises(external_tasks.LockExpired):
            tell(desk, command, late, *args)
    assert states(firm) == ["open"]


def test_another_account_cannot_use_a_workers_name(firm: Office) -> None:
    begun(firm)
    desk = robot(firm)
    (task,) = fetch(desk)
    grant(firm, "finance")
    with pytest.raises(external_tasks.NotYourLock):
        tell(firm.as_("money"), external_tasks.complete, task, {})


def test_a_lock_is_extended_and_given_back(firm: Office) -> None:
    begun(firm)
    desk = robot(firm)
    (task,) = fetch(desk, seconds=60)
    firm.later(seconds=50)
    assert tell(desk, external_tasks.extend_lock, task, 60) == clock.now() + dt.timedelta(seconds=60)
    firm.later(seconds=50)
    assert fetch(desk, "w2") == []
    tell(desk, external_tasks.unlock, task)
    assert [each.id for each in fetch(desk, "w2")] == [task.id]


def test_a_task_that_was_withdrawn_is_over(firm: Office) -> None:
    firm.deploy(
        bpmn(
            "bill", start(), service("send_bill", "billing.send"),
            timer("late", "timeDuration", "PT1H", "boundaryEvent", attachedToRef="send_bill"),
            end(), end("given_up"),
            flow("begun", "send_bill"), flow("send_bill", "ended"), flow("late", "given_up"),
        )
    )  # fmt: skip
    case = firm.as_("spec").start("bill")
    desk = robot(firm)
    (task,) = fetch(desk, seconds=7200)
    firm.later(hours=1, seconds=1)
    assert case.end == "given_up" and states(firm) == ["ended"]
    with pytest.raises(external_tasks.ExternalTaskOver):
        tell(desk, external_tasks.complete, task, {})


# --- failure -------------------------------------------------------------------------


def test_a_failure_is_tried_again_after_its_pause_and_then_an_incident(firm: Office) -> None:
    case = begun(firm)
    desk = robot(firm)
    (task,) = fetch(desk)
    tell(desk, external_tasks.failure, task, "printer", "Traceback …", 1, 600)
    assert fetch(desk) == [] and firm.incidents() == []
    firm.later(seconds=601)
    (again,) = fetch(desk)
    assert (again.id, again.retries, again.error) == (task.id, 1, "printer")
    tell(desk, external_tasks.failure, again, "printer", "", 0)
    assert firm.incidents() == ["send_bill: external_task.failed: w1 could not do billing.send: printer"]
    firm.later(days=1)
    assert fetch(desk) == [] and states(firm) == ["failed"]
    (incident,) = firm.runtime.read(incident_queries.listing, firm.as_("root").actor)
    firm.runtime.do(incidents.retry, firm.as_("root").actor, incident.id)
    (fresh,) = fetch(desk)
    assert (fresh.id, fresh.retries) == (task.id, None)
    tell(desk, external_tasks.complete, fresh, {})
    assert firm.incidents() == [] and "file" in case.state.standing.values()


def test_without_a_number_of_retries_the_diagram_says_how_often(firm: Office) -> None:
    cycle = "<camunda:failedJobRetryTimeCycle>R2/PT5M</camunda:failedJobRetryTimeCycle>"
    inside = f"<extensionElements>{cycle}</extensionElements>"
    task_ = element(
        "serviceTask", "send_bill", inside, camunda__type="external", camunda__topic="billing.send"
    )
    begun(firm, bpmn("bill", start(), task_, end()))
    desk = robot(firm)
    tell(desk, external_tasks.failure, fetch(desk)[0], "down")
    firm.later(minutes=4)
    assert fetch(desk) == []
    firm.later(minutes=2)
    tell(desk, external_tasks.failure, fetch(desk)[0], "down")
    assert len(firm.incidents()) == 1


def test_an_incident_is_over_with_its_case(firm: Office) -> None:
    firm.deploy(
        bpmn(
            "bill", start(), service("send_bill", "billing.send"),
            timer("late", "timeDuration", "PT1H", "boundaryEvent", attachedToRef="send_bill"),
            end(), end("given_up"),
            flow("begun", "send_bill"), flow("send_bill", "ended"), flow("late", "given_up"),
        )
    )  # fmt: skip
    firm.as_("spec").start("bill")
    desk = robot(firm)
    tell(desk, external_tasks.failure, fetch(desk)[0], "down", "", 0)
    assert len(firm.incidents()) == 1
    firm.later(hours=2)
    assert firm.incidents() == [] and states(firm) == ["ended"]


def caught(topic: str = "billing.send", definition: str = "", handler: bool = True) -> str:
    task_ = element("serviceTask", "send_bill", definition, camunda__type="external", camunda__topic=topic)
    event = element(
        "boundaryEvent", "sent_back",
        '<errorEventDefinition errorRef="e" camunda:errorMessageVariable="why"/>', attachedToRef="send_bill",
    )  # fmt: skip
    more = [
        event,
        user("mend", candidateGroups="specialist"),
        end("mended"),
        flow("sent_back", "mend"),
        flow("mend", "mended"),
    ]
    return bpmn(
        "bill", start(), task_, end(), flow("begun", "send_bill"), flow("send_bill", "ended"),
        *(more if handler else []), before=REFUSED,
    )  # fmt: skip


def test_a_bpmn_error_goes_to_the_event_that_catches_it_with_its_variables(firm: Office) -> None:
    case = begun(firm, caught())
    desk = robot(firm)
    tell(
        desk,
        external_tasks.bpmn_error,
        fetch(desk)[0],
        "refused",
        "no such address",
        {"code": 404, "message": "x"},
    )
    assert case.variables["why"] == "no such address"
    assert (case.variables["code"], case.variables["message"]) == (404, "x")
    assert "mend" in case.state.standing.values() and states(firm) == ["done"]


def test_a_bpmn_error_that_nothing_catches_is_an_incident_and_trying_again_hands_the_task_out_anew(
    firm: Office,
) -> None:
    case = begun(firm, caught(handler=False))
    desk = robot(firm)
    tell(desk, external_tasks.bpmn_error, fetch(desk)[0], "refused", "no")
    (incident,) = firm.runtime.read(incident_queries.listing, firm.as_("root").actor)
    assert "engine.uncaught_error" in incident.reason and fetch(desk) == []
    firm.runtime.do(incidents.retry, firm.as_("root").actor, incident.id)
    firm.settle()
    tell(desk, external_tasks.complete, fetch(desk)[0], {})
    assert case.status == "completed" and states(firm) == ["done", "done"]


DEFINED = '<extensionElements><camunda:errorEventDefinition id="d" errorRef="e" expression="{}"/></extensionElements>'


def test_an_error_definition_is_asked_when_the_worker_has_failed(firm: Office) -> None:
    said = DEFINED.format("${externalTask.errorMessage.contains('address')}")
    case = begun(firm, caught(definition=said))
    desk = robot(firm)
    tell(desk, external_tasks.failure, fetch(desk)[0], "printer", "", 3)
    assert states(firm) == ["open"]
    tell(desk, external_tasks.failure, fetch(desk)[0], "no such address", "", 2)
    assert "mend" in case.state.standing.values() and states(firm) == ["ended"] and firm.incidents() == []


def test_an_error_definition_is_asked_when_the_worker_is_done(firm: Office) -> None:
    case = begun(firm, caught(definition=DEFINED.format("${total == 0}")))
    desk = robot(firm)
    tell(desk, external_tasks.complete, fetch(desk)[0], {"total": 0})
    assert "mend" in case.state.standing.values() and case.variables["total"] == 0


# --- rights --------------------------------------------------------------------------


def test_without_the_grant_nobody_fetches_or_learns_of_a_task(firm: Office) -> None:
    begun(firm)
    (task,) = fetch(robot(firm))
    for name in ("money", "boss", "root"):
        other = firm.as_(name)
        with pytest.raises(external_tasks.NotYourTopic):
            fetch(other)
        with pytest.raises(external_tasks.NoSuchExternalTask):
            tell(other, external_tasks.complete, task, {})


def test_a_grant_names_its_topics(firm: Office) -> None:
    begun(firm)
    grant(firm, "finance", "crm.sync, billing.archive")
    with pytest.raises(external_tasks.NotYourTopic):
        fetch(firm.as_("money"))
    assert fetch(firm.as_("money"), topic="billing.archive") == []


SECRET = bpmn(
    "bonus",
    start(),
    element(
        "scriptTask", "know", "<script>execution.setVariable('wage', 9000)</script>", scriptFormat="javascript"
    ),
    service("tell_bank", "billing.send", amount="${12.50}"),
    end(),
    extra=properties(confidential="true"),
)


def test_of_a_confidential_case_a_worker_is_given_its_input_parameters_only(firm: Office) -> None:
    begun(firm, SECRET, "bonus")
    desk = robot(firm)
    (task,) = fetch(desk, variables=["amount", "wage"])
    assert dict(task.variables) == {"amount": Decimal("12.50")} and task.key is None
    tell(desk, external_tasks.unlock, task)
    firm.runtime.do(accounts.grant, SYSTEM, "purchasing", "read", "confidential_case", "any", "*")
    (task,) = fetch(firm.as_("buyer"))
    assert task.variables["wage"] == 9000


def test_who_operates_cases_sees_which_topics_wait_and_whether_anybody_asks(firm: Office) -> None:
    begun(firm)
    firm.as_("spec").start("bill")
    root = firm.as_("root").actor
    (topic,) = firm.runtime.read(asked.topics, root)
    assert (topic.open, topic.locked, topic.fetched_at, topic.served) == (2, 0, None, False)
    fetch(robot(firm), "night shift", most=1)
    (topic,) = firm.runtime.read(asked.topics, root)
    assert (topic.open, topic.locked, topic.worker, topic.served) == (2, 1, "night shift", True)
    firm.later(minutes=10)
    (topic,) = firm.runtime.read(asked.topics, root)
    assert (topic.locked, topic.served) == (0, False)
    with pytest.raises(NotGranted):
        firm.runtime.read(asked.topics, firm.as_("spec").actor)


@pytest.mark.parametrize(
    ("worker", "seconds", "most"),
    [("", 60, 1), ("w" * 129, 60, 1), ("w", 0, 1), ("w", 86_401, 1), ("w", 60, 0), ("w", 60, 101)],
)
def test_what_cannot_be_meant_is_refused(firm: Office, worker: str, seconds: int, most: int) -> None:
    desk = robot(firm)
    with pytest.raises((external_tasks.NotInRange, external_tasks.NotOfLength)):
        fetch(desk, worker, most=most, seconds=seconds)


@pytest.mark.parametrize(
    ("language", "named", "beside"),
    [
        (
            "en",
            "waits for an external worker: Send the bill",
            "waits for an external worker: Send the bill (billing.send)",
        ),
        ("zh_Hans", "等待外部工作程序：寄账单", "等待外部工作程序：寄账单（billing.send）"),
        ("zh_Hant", "等待外部工作程式：寄賬單", "等待外部工作程式：寄賬單（billing.send）"),
    ],
)
def test_external_work_is_called_by_its_name_and_by_its_topic_for_who_operates_cases(
    firm: Office, language: str, named: str, beside: str
) -> None:
    names = properties(name_en="Send the bill", name_zh_hant="寄賬單")
    external = {"camunda:type": "external", "camunda:topic": "billing.send"}
    work = element("serviceTask", "send_bill", names, **external)
    case = begun(firm, bpmn("bill", start(), work, end()).replace('name="send_bill"', 'name="寄账单"'))
    for who, said in (("spec", named), ("root", beside)):
        [view] = firm.as_(who).case_page(case.id, language).diagrams
        assert view.waiting == {"send_bill": said}
    # Lists have it by its name, too.
    [row] = firm.runtime.read(inbox.started, firm.as_("spec").actor).rows
    assert [dict(names)["en"] for names in row.standing.names] == ["Send the bill"]
    (topic,) = firm.runtime.read(asked.topics, firm.as_("root").actor)
    assert [dict(names)[language] for names in topic.names] == [dict(row.standing.names[0])[language]]


# --- order, versions -----------------------------------------------------------------


def test_the_most_urgent_is_fetched_first_if_the_worker_asks_for_that(firm: Office) -> None:
    task_ = element(
        "serviceTask", "send_bill", camunda__type="external", camunda__topic="billing.send",
        camunda__taskPriority="${execution.getVariable('urgent') == true ? 10 : 1}",
    )  # fmt: skip
    firm.deploy(bpmn("bill", start(), task_, end()))
    usual = started(firm, {})
    urgent = started(firm, {"urgent": True})
    desk = robot(firm)
    found = fetch(desk, by_priority=True)
    assert [(task.case, task.priority) for task in found] == [(urgent, 10), (usual, 1)]
    for task in found:
        tell(desk, external_tasks.unlock, task)
    assert [task.case for task in fetch(desk)] == [usual, urgent]


def test_an_operation_that_a_later_release_brings_takes_no_workers_tasks(
    firm: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(firm)
    monkeypatch.setitem(operations.OPERATIONS, "billing.send", operations.OPERATIONS["inbox.remind"])
    case = firm.as_("spec").start("bill")
    assert [task.case for task in fetch(robot(firm))][-1] == case.id


def test_an_operation_that_a_later_release_has_dropped_is_missed(
    firm: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm.deploy(bpmn("remind", start(), service("ask", "inbox.remind", element="ask"), end()))
    monkeypatch.delitem(operations.OPERATIONS, "inbox.remind")
    firm.as_("spec").start("remind")
    grant(firm, "purchasing", "inbox.remind")
    assert fetch(firm.as_("buyer"), topic="inbox.remind") == []
    assert len(firm.incidents()) == 1


def test_a_topic_may_be_computed_and_is_then_never_an_operation(firm: Office) -> None:
    firm.deploy(bpmn("bill", start(), service("send_bill", "billing.${country}"), end()))
    started(firm, {"country": "cn"})
    grant(firm, "purchasing", "billing.cn")
    (task,) = fetch(firm.as_("buyer"), topic="billing.cn")
    assert task.topic == "billing.cn"


def test_each_item_of_a_collection_is_a_task_of_its_own(firm: Office) -> None:
    loop = '<multiInstanceLoopCharacteristics camunda:collection="${bills}" camunda:elementVariable="bill"/>'
    task_ = element("serviceTask", "send_bill", loop, camunda__type="external", camunda__topic="billing.send")
    firm.deploy(bpmn("bill", start(), task_, end()))
    case = Case(firm, started(firm, {"bills": ["a", "b", "c"]}))
    desk = robot(firm)
    found = fetch(desk)
    assert sorted(task.variables["bill"] for task in found) == ["a", "b", "c"]
    for task in found:
        assert case.status == "running"
        tell(desk, external_tasks.complete, task, {})
    assert case.status == "completed"


def test_what_a_worker_did_stands_in_the_log_with_its_name_and_account(firm: Office) -> None:
    from runtime import values

    case = begun(firm)
    desk = robot(firm)
    tell(desk, external_tasks.failure, fetch(desk)[0], "printer", "", 1)
    tell(desk, external_tasks.complete, fetch(desk, "w2")[0], {}, worker="w2")
    told = [
        (row.kind, values.loads(row.payload)["detail"]["worker"], row.actor_id)
        for row in case.log
        if row.kind in ("external_failed", "external_completed")
    ]
    assert told == [("external_failed", "w1", desk.actor.id), ("external_completed", "w2", desk.actor.id)]


# --- waiting for work ----------------------------------------------------------------


WANTED = [Wanted("billing.send", 60)]


def waiting(desk: Desk, seconds: float = 20.0) -> Future[list[Locked]]:
    """A worker that waits, in a thread of its own."""
    pool = ThreadPoolExecutor(1)
    found = pool.submit(desk.office.runtime.fetch, desk.actor, "w1", WANTED, 10, wait=seconds)
    pool.shutdown(wait=False)
    return found


def test_who_waits_is_woken_by_the_commit_that_opens_a_task(firm: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    # So that nothing but the bell can wake it in time.
    monkeypatch.setattr(bootstrap, "LOOK_AGAIN", 600.0)
    monkeypatch.setattr(bootstrap, "LONGEST_WAIT", 600.0)
    firm.deploy(BILL)
    desk = robot(firm)
    fetch(desk)
    found = waiting(desk, 600.0)
    case = firm.as_("spec").start("bill")
    assert [task.case for task in found.result(timeout=120)] == [case.id]


def test_who_waits_finds_what_another_process_has_opened(firm: Office) -> None:
    firm.deploy(BILL)
    desk = robot(firm)
    other = Office(Runtime(firm.runtime.settings))
    found = waiting(desk, 30.0)
    case = other.as_("spec").start("bill")
    assert [task.case for task in found.result(timeout=120)] == [case.id]
    other.runtime.close()


def test_when_too_many_wait_the_next_is_answered_at_once(firm: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def waits(*anything: Any) -> None:
        raise AssertionError("it waits")

    monkeypatch.setattr(Bell, "wait", waits)
    firm.deploy(BILL)
    desk = robot(firm)
    places = firm.runtime.settings.waiting_workers
    for _ in range(places):
        firm.runtime._waiting.acquire()
    assert firm.runtime.fetch(desk.actor, "w1", WANTED, 10, wait=30.0) == []
    for _ in range(places):
        firm.runtime._waiting.release()
    case = firm.as_("spec").start("bill")
    assert [task.case for task in firm.runtime.fetch(desk.actor, "w1", WANTED)] == [case.id]


def test_looking_for_work_where_there_is_none_writes_nothing(firm: Office) -> None:
    desk = robot(firm)
    assert firm.runtime.fetch(desk.actor, "w1", WANTED) == []
    with firm.counted() as said:
        assert firm.runtime.fetch(desk.actor, "w1", WANTED) == []
    assert said and all(statement.startswith("SELECT") for statement in said)


def test_who_may_not_fetch_does_not_wait(firm: Office) -> None:
    with pytest.raises(external_tasks.NotYourTopic):
        firm.runtime.fetch(firm.as_("money").actor, "w1", WANTED, wait=30.0)


def test_workers_at_once_get_each_task_once(firm: Office) -> None:
    firm.deploy(BILL)
    for _ in range(12):
        firm.as_("spec").start("bill")
    desk = robot(firm)

    def work(name: str) -> list[str]:
        done = []
        while found := firm.runtime.fetch(desk.actor, name, WANTED, 2):
            for task in found:
                firm.runtime.do(external_tasks.complete, desk.actor, task.id, name, {"by": name})
                done.append(task.id)
        return done

    with ThreadPoolExecutor(4) as pool:
        each = list(pool.map(work, ["w1", "w2", "w3", "w4"]))
    done = [task for some in each for task in some]
    assert len(done) == len(set(done)) == 12 and states(firm) == ["done"] * 12
