"""Messages across cases: whom they mean, how long they wait, and what becomes of those that nobody takes."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.commands import messages
from runtime.commands.deploy import DeploymentRefused
from runtime.identity import SYSTEM, NotGranted
from runtime.queries import messages as listed
from runtime.store import accounts
from runtime.store.cases import by_id
from runtime.values import Value
from tests.diagrams import bpmn, element, end, flow, properties, start, user
from tests.office import Case, Office

PAID = '<message id="m" name="paid"/>'


def event(tag: str, key: str, **texts: str) -> tuple[str, str, str]:
    """An event with message `paid`."""
    return element(
        tag, key, (properties(**texts) if texts else "") + '<messageEventDefinition messageRef="m"/>'
    )


ORDER = bpmn(
    "order",
    start(),
    user("enter", candidateGroups="specialist"),
    event("intermediateCatchEvent", "payment", correlation_key="${order_number}"),
    user("ship", candidateGroups="specialist"),
    end(),
    before=PAID,
)


def payment(**texts: str) -> str:
    """A case that tells of a payment and goes on."""
    return bpmn("payment", start(), event("intermediateThrowEvent", "tell", **texts), end(), before=PAID)


def order(firm: Office, number: str) -> Case:
    """A case that waits for the payment of its order."""
    case = firm.as_("spec").start("order")
    set_variable(firm, case, order_number=number)
    firm.as_("spec").do("enter", case.id)
    return case


def set_variable(firm: Office, case: Case, **given: Value) -> None:
    """What a form would write: the variables of an open task's case."""
    from runtime.commands import advance

    def write(tx: Any, actor: Any) -> None:
        def act(execution: Any) -> None:
            for name, value in given.items():
                execution._case.scopes.put("", name, value)
            execution._case.scopes.settle()

        advance.move(tx, SYSTEM, by_id(tx, case.row.id), act, [])

    firm.runtime.do(write, SYSTEM)


def standing(case: Case) -> set[str]:
    return set(case.state.standing.values())


def shown(firm: Office, username: str = "root") -> list[listed.Message]:
    return firm.runtime.read(listed.listing, firm.as_(username).actor)


# --- whom a message means ----------------------------------------------------------


def test_a_payment_moves_its_own_order_and_never_another(firm: Office) -> None:
    firm.deploy(ORDER)
    first, second = order(firm, "A-1"), order(firm, "A-2")
    firm.message("paid", "A-2")
    assert (standing(first), standing(second)) == ({"payment"}, {"ship"})
    firm.message("paid", "A-3")
    assert standing(first) == {"payment"}
    firm.message("paid", "A-1")
    assert standing(first) == {"ship"}


def test_the_key_is_what_it_was_when_the_order_began_to_wait(firm: Office) -> None:
    firm.deploy(ORDER)
    case = order(firm, "A-1")
    set_variable(firm, case, order_number="B-9")
    firm.message("paid", "B-9")
    assert standing(case) == {"payment"}
    firm.message("paid", "A-1")
    assert standing(case) == {"ship"}


ITSELF = bpmn(
    "itself",
    start(),
    element("parallelGateway", "fork"),
    user("decide", candidateGroups="specialist"),
    event("intermediateThrowEvent", "tell"),
    event("intermediateCatchEvent", "hear"),
    user("after", candidateGroups="specialist"),
    element("parallelGateway", "join"),
    end(),
    flow("begun", "fork"),
    flow("fork", "decide"),
    flow("decide", "tell"),
    flow("tell", "join"),
    flow("fork", "hear"),
    flow("hear", "after"),
    flow("after", "join"),
    flow("join", "ended"),
    before=PAID,
)


def test_without_any_key_a_message_means_its_own_case(firm: Office) -> None:
    firm.deploy(ITSELF)
    mine, other = firm.as_("spec").start("itself"), firm.as_("spec").start("itself")
    firm.as_("spec").do("decide", mine.id)
    assert "after" in standing(mine)
    assert "hear" in standing(other)


BY_MESSAGE = bpmn(
    "refund",
    event("startEvent", "came"),
    user("look", candidateGroups="specialist"),
    end(),
    before=PAID,
)


def test_a_message_sent_twice_under_one_reference_starts_one_case(firm: Office) -> None:
    firm.deploy(BY_MESSAGE)
    for _ in range(2):
        firm.runtime.do(messages.send, SYSTEM, "paid", "A-1", {"sum": 5}, "bank-77")
        firm.settle()
    firm.runtime.do(messages.send, SYSTEM, "paid", "A-1", {"sum": 5}, "bank-78")
    firm.settle()
    assert [case.row.business_key for case in firm.cases_of("refund")] == ["A-1", "A-1"]


def test_a_message_that_would_start_two_processes_is_refused_when_it_is_deployed(firm: Office) -> None:
    other = BY_MESSAGE.replace('"refund"', '"dunning"')
    with pytest.raises(DeploymentRefused) as refused:
        firm.deploy(BY_MESSAGE, other)
    (problem,) = [each for each in refused.value.problems if each.rule == "message_starts_two"]
    assert (problem.where, problem.params["process"]) == ("came", "refund") and problem.line > 0
    firm.deploy(BY_MESSAGE)
    with pytest.raises(DeploymentRefused):
        firm.deploy(other)
    # A new version of the one that has it may keep it, or leave it to another.
    firm.deploy(BY_MESSAGE + "<!-- again -->")
    firm.deploy(bpmn("refund", start(), user("look", candidateGroups="specialist"), end()), other)
    firm.message("paid", "A-1")
    assert len(firm.cases_of("dunning")) == 1 and firm.cases_of("refund") == []


def test_two_starts_of_one_process_by_one_message_are_refused(firm: Office) -> None:
    twice = bpmn(
        "refund",
        event("startEvent", "came"),
        event("startEvent", "came_again"),
        user("look", candidateGroups="specialist"),
        end(),
        flow("came", "look"),
        flow("came_again", "look"),
        flow("look", "ended"),
        before=PAID,
    )
    with pytest.raises(DeploymentRefused) as refused:
        firm.deploy(twice)
    assert "ambiguous_catch" in {each.rule for each in refused.value.problems}


def test_a_case_that_is_started_without_a_key_has_none(firm: Office) -> None:
    firm.deploy(BY_MESSAGE, payment())
    firm.as_("spec").start("payment")
    (case,) = firm.cases_of("refund")
    assert case.row.business_key == ""


def test_the_business_key_is_the_key_when_the_diagram_names_none(firm: Office) -> None:
    from runtime.commands import cases

    firm.deploy(
        bpmn(
            "keyed",
            start(),
            event("intermediateCatchEvent", "payment"),
            user("ship", candidateGroups="specialist"),
            end(),
            before=PAID,
        )
    )
    spec = firm.as_("spec").actor
    one, two = (
        firm.case(firm.runtime.do(cases.start, spec, "keyed", {}, business_key=key).case)
        for key in ("A", "B")
    )
    firm.message("paid", "B")
    assert (one.row.business_key, standing(one), standing(two)) == ("A", {"payment"}, {"ship"})
    with pytest.raises(cases.BusinessKeyTooLong):
        firm.runtime.do(cases.start, spec, "keyed", {}, business_key="A" * 256)


# --- exactly one receiver, now -----------------------------------------------------


def test_a_message_that_is_correlated_reaches_the_one_who_waits(firm: Office) -> None:
    firm.deploy(ORDER, BY_MESSAGE)
    case = order(firm, "A-1")
    moved = firm.runtime.do(messages.correlate, SYSTEM, "paid", "A-1", {"sum": 5})
    assert (moved.case, standing(case), case.variables["sum"]) == (case.id, {"ship"}, 5)
    # Nobody waits any more: it starts what it starts.
    begun = firm.runtime.do(messages.correlate, SYSTEM, "paid", "A-1", {})
    assert [each.id for each in firm.cases_of("refund")] == [begun.case]


def test_a_message_that_is_correlated_and_finds_nobody_is_refused_and_not_kept(firm: Office) -> None:
    firm.deploy(ORDER)
    with pytest.raises(messages.NobodyWaits):
        firm.runtime.do(messages.correlate, SYSTEM, "paid", "A-1", {})
    case = order(firm, "A-1")
    assert standing(case) == {"payment"} and shown(firm) == []


def test_a_message_that_is_correlated_and_fits_two_is_refused(firm: Office) -> None:
    firm.deploy(ORDER)
    both = order(firm, "A-1"), order(firm, "A-1")
    with pytest.raises(messages.SeveralWait) as refused:
        firm.runtime.do(messages.correlate, SYSTEM, "paid", "A-1", {})
    assert refused.value.params["count"] == 2
    assert [standing(case) for case in both] == [{"payment"}, {"payment"}]
    assert shown(firm) == [] and firm.incidents() == []


def test_messages_are_sent_by_whoever_was_granted_it(firm: Office) -> None:
    from runtime.commands import accounts as people

    for command in (messages.send, messages.correlate):
        with pytest.raises(NotGranted):
            firm.runtime.do(command, firm.as_("root").actor, "paid", "A-1", {})
    firm.runtime.do(people.grant, SYSTEM, "finance", "send", "message", "any")
    firm.runtime.do(messages.send, firm.as_("money").actor, "paid", "A-1", {})
    with pytest.raises(messages.NameTooLong):
        firm.runtime.do(messages.send, firm.as_("money").actor, "paid", "A-1", {}, "r" * 101)


# --- what waits for its receiver ---------------------------------------------------


def test_a_message_that_nobody_waits_for_is_kept_and_shown(firm: Office) -> None:
    firm.deploy(ORDER, payment(correlation_key="${order_number}"))
    sender = pay(firm, "A-1")
    (kept,) = shown(firm)
    assert (kept.name, kept.key, kept.state) == ("paid", "A-1", "kept")
    assert (kept.case, kept.process, kept.element) == (sender.id, "payment", "tell")
    assert kept.until is not None and kept.until - kept.since == dt.timedelta(days=30)
    case = order(firm, "A-1")
    assert standing(case) == {"ship"} and shown(firm) == []
    with pytest.raises(NotGranted):
        shown(firm, "spec")


def pay(firm: Office, number: str) -> Case:
    """The case `payment`, started by the runtime with its variables."""
    from runtime.commands import advance

    variables = {"order_number": number}
    begun = firm.runtime.do(advance.begin, firm.as_("spec").actor, "payment", variables=variables)
    firm.settle()
    return firm.case(begun.case)


def test_a_message_expires_and_is_then_given_to_nobody(firm: Office) -> None:
    firm.deploy(ORDER, payment(correlation_key="${order_number}", time_to_live="P7D"))
    pay(firm, "A-1")
    firm.later(days=6)
    assert [each.state for each in shown(firm)] == ["kept"]
    firm.later(days=1)
    assert [each.state for each in shown(firm)] == ["expired"]
    assert standing(order(firm, "A-1")) == {"payment"}


def test_what_has_expired_is_not_taken_even_before_the_worker_has_seen_it(firm: Office) -> None:
    from runtime import clock

    firm.deploy(ORDER, payment(correlation_key="${order_number}", time_to_live="PT1H"))
    pay(firm, "A-1")
    clock.shift(dt.timedelta(hours=1))
    assert [each.state for each in shown(firm)] == ["expired"]
    case = order(firm, "A-1")
    assert standing(case) == {"payment"}


def test_a_process_deployed_later_is_not_started_by_what_has_expired(firm: Office) -> None:
    firm.message("paid", "A-1")
    firm.later(days=30)
    firm.deploy(BY_MESSAGE)
    firm.settle()
    assert firm.cases_of("refund") == []


def test_an_expired_message_can_be_delivered_again(firm: Office) -> None:
    firm.deploy(ORDER)
    firm.message("paid", "A-1", sum=5)
    firm.later(days=31)
    case = order(firm, "A-1")
    (expired,) = shown(firm)
    root = firm.as_("root").actor
    firm.runtime.do(messages.deliver, root, expired.id)
    firm.settle()
    assert standing(case) == {"ship"} and shown(firm) == []
    with pytest.raises(messages.MessageGone):
        firm.runtime.do(messages.deliver, root, expired.id)
    with pytest.raises(messages.NoSuchMessage):
        firm.runtime.do(messages.deliver, root, "nothing")
    with pytest.raises(NotGranted):
        firm.runtime.do(messages.deliver, firm.as_("spec").actor, expired.id)


def test_a_discarded_message_reaches_nobody_and_who_discarded_it_is_kept(firm: Office) -> None:
    firm.deploy(ORDER)
    firm.message("paid", "A-1")
    (kept,) = shown(firm)
    root = firm.as_("root").actor
    firm.runtime.do(messages.discard, root, kept.id)
    assert shown(firm) == []
    assert standing(order(firm, "A-1")) == {"payment"}
    log = sa.select(accounts.admin_log).order_by(accounts.admin_log.c.id.desc()).limit(1)
    entry = firm.runtime.read(lambda tx, actor: tx.first(log), SYSTEM)
    assert entry is not None
    assert (entry.action, entry.subject, entry.actor_id) == ("message.discarded", kept.id, root.id)
    with pytest.raises(messages.MessageGone):
        firm.runtime.do(messages.discard, root, kept.id)


def test_a_message_that_fits_two_is_given_once_the_other_no_longer_waits(firm: Office) -> None:
    firm.deploy(ORDER)
    first, second = order(firm, "A-1"), order(firm, "A-1")
    firm.message("paid", "A-1")
    for _ in range(4):
        firm.later(minutes=11)
    (failed,) = shown(firm)
    assert failed.state == "failed" and "message.ambiguous" in firm.incidents()[0]
    assert [standing(case) for case in (first, second)] == [{"payment"}, {"payment"}]

    def cancel(tx: Any, actor: Any) -> None:
        from runtime.commands import advance

        advance.move(tx, SYSTEM, by_id(tx, first.row.id), lambda e: e.cancel(), [])

    firm.runtime.do(cancel, SYSTEM)
    firm.runtime.do(messages.deliver, firm.as_("root").actor, failed.id)
    firm.settle()
    assert standing(second) == {"ship"}
    assert firm.incidents() == [] and shown(firm) == []


def test_what_a_confidential_case_sends_is_shown_to_those_who_may_see_the_case(firm: Office) -> None:
    secret = bpmn(
        "secret",
        start(),
        element(
            "sendTask",
            "tell",
            "<extensionElements><camunda:properties>"
            '<camunda:property name="correlation_key" value="${initiator}"/></camunda:properties>'
            '<camunda:inputOutput><camunda:inputParameter name="grade">C</camunda:inputParameter>'
            "</camunda:inputOutput></extensionElements>",
            messageRef="m",
        ),
        end(),
        before=PAID,
        extra=properties(confidential="true"),
    )
    firm.deploy(secret)
    firm.as_("spec").start("secret")
    (barred,) = shown(firm)
    assert (barred.name, barred.key, barred.payload) == ("paid", None, None)
    (seen,) = firm.runtime.read(listed.listing, SYSTEM)
    assert seen.payload == {"grade": "C"} and seen.key == firm.as_("spec").actor.public_id


def test_a_message_from_outside_shows_its_content_to_those_who_may_send_one(firm: Office) -> None:
    from runtime.commands import accounts as people

    firm.message("paid", "A-1", sum=5)
    assert [(each.key, each.payload) for each in shown(firm)] == [("A-1", None)]
    firm.runtime.do(people.grant, SYSTEM, "admin", "send", "message", "any")
    assert [each.payload for each in shown(firm)] == [{"sum": 5}]


@pytest.mark.parametrize(
    ("named", "said"),
    [('name="payment"', "payment"), ('name=""', "waits for the message paid"), ("", "waits for the message paid")],
)
def test_a_case_page_says_what_is_waited_for_as_the_diagram_does_or_by_the_message(
    firm: Office, named: str, said: str
) -> None:
    firm.deploy(ORDER.replace('id="payment" name="payment"', f'id="payment" {named}'))
    case = order(firm, "A-1")
    (view,) = firm.as_("spec").case_page(case.id, "en").diagrams
    assert view.waiting["payment"] == said
