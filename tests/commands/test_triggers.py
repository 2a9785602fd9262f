"""Timers, messages and retries: what is due happens once, what comes early waits, what fails is kept."""

from __future__ import annotations

import pytest

from runtime import clock
from runtime.commands import triggers
from runtime.identity import SYSTEM
from tests.diagrams import bpmn, element, end, properties, start, timer, user
from tests.office import Office

NAP = bpmn(
    "nap", start(), timer("rest", "timeDuration", "PT1H"), user("wake", candidateGroups="specialist"), end()
)
MESSAGE = '<message id="m" name="goods_arrived"/>'


def catch(key: str, tag: str = "intermediateCatchEvent", correlation: str = "") -> tuple[str, str, str]:
    inside = (properties(correlation_key=correlation) if correlation else "") + (
        '<messageEventDefinition messageRef="m"/>'
    )
    return element(tag, key, inside)


def by_message(process: str = "receive") -> str:
    return bpmn(
        process,
        start(),
        catch("arrived", correlation="${initiator}"),
        user("open", candidateGroups="specialist"),
        end(),
        before=MESSAGE,
    )


def key_of(firm: Office, username: str) -> str:
    return firm.as_(username).actor.public_id


def test_a_message_moves_the_case_that_waits_for_it_and_no_other(firm: Office) -> None:
    firm.deploy(by_message())
    mine, other = firm.as_("spec").start("receive"), firm.as_("spec2").start("receive")
    firm.message("goods_arrived", key_of(firm, "spec"), lot="A7")
    assert mine.variables["lot"] == "A7"
    assert set(other.state.standing.values()) == {"arrived"}


def test_a_message_that_comes_first_waits_for_its_receiver(firm: Office) -> None:
    firm.deploy(by_message())
    firm.message("goods_arrived", key_of(firm, "spec"), lot="A7")
    case = firm.as_("spec").start("receive")
    firm.settle()
    assert case.variables["lot"] == "A7"


def test_a_message_that_fits_two_cases_goes_to_neither(firm: Office) -> None:
    firm.deploy(by_message())
    first, second = firm.as_("spec").start("receive"), firm.as_("spec").start("receive")
    firm.message("goods_arrived", key_of(firm, "spec"))
    for _ in range(4):
        firm.later(minutes=11)
    for case in (first, second):
        assert set(case.state.standing.values()) == {"arrived"}
    assert "message.ambiguous" in firm.incidents()[0]


def test_a_message_starts_a_process_once(firm: Office) -> None:
    firm.deploy(
        bpmn(
            "begin",
            element("startEvent", "came", '<messageEventDefinition messageRef="m"/>'),
            user("open", candidateGroups="specialist"),
            end(),
            before=MESSAGE,
        )
    )
    firm.message("goods_arrived", "K1", lot="B2")
    (case,) = firm.cases_of("begin")
    assert case.row.business_key == "K1"
    assert case.variables["lot"] == "B2"


def test_a_daily_start_starts_daily(firm: Office) -> None:
    firm.deploy(
        bpmn(
            "watch",
            timer("daily", "timeCycle", "0 0 8 * * ?", "startEvent"),
            user("look", candidateGroups="specialist"),
            end(),
        )
    )
    for _ in range(3):
        firm.later(days=1)
    assert len(firm.cases_of("watch")) == 3


def test_days_that_were_missed_are_not_made_up_for(firm: Office) -> None:
    firm.deploy(
        bpmn(
            "watch",
            timer("daily", "timeCycle", "0 0 8 * * ?", "startEvent"),
            user("look", candidateGroups="specialist"),
            end(),
        )
    )
    firm.later(days=30)
    assert len(firm.cases_of("watch")) == 1


def test_a_new_version_replaces_the_start_timer(firm: Office) -> None:
    for hour in (8, 9):
        firm.deploy(
            bpmn(
                "watch",
                timer("daily", "timeCycle", f"0 0 {hour} * * ?", "startEvent"),
                user("look", candidateGroups="specialist"),
                end(),
            )
        )
    firm.later(days=1)
    assert len(firm.cases_of("watch")) == 1


def test_a_job_run_twice_moves_a_case_once(firm: Office) -> None:
    firm.deploy(
        bpmn(
            "nap",
            start(),
            timer("rest", "timeDuration", "PT1H"),
            user("wake", candidateGroups="specialist"),
            end(),
        )
    )
    case = firm.as_("spec").start("nap")
    import datetime as dt

    clock.shift(dt.timedelta(hours=2))
    (job,) = firm.claim()
    for _ in range(2):
        firm.runtime.do(lambda tx, actor: triggers.run(tx, job), SYSTEM)
    assert [entry.kind for entry in case.log].count("timer_fired") == 1


def test_what_was_given_to_another_worker_is_not_done_by_the_first(firm: Office) -> None:
    import datetime as dt

    firm.deploy(
        bpmn(
            "nap",
            start(),
            timer("rest", "timeDuration", "PT1H"),
            user("wake", candidateGroups="specialist"),
            end(),
        )
    )
    case = firm.as_("spec").start("nap")
    clock.shift(dt.timedelta(hours=2))
    (stale,) = firm.claim()
    firm.take_away([stale])
    (fresh,) = firm.claim()
    firm.runtime.do(lambda tx, actor: triggers.run(tx, stale), SYSTEM)
    assert set(case.state.standing.values()) == {"rest"}
    firm.runtime.do(lambda tx, actor: triggers.run(tx, fresh), SYSTEM)
    assert set(case.state.standing.values()) == {"wake"}


@pytest.mark.parametrize("attempts", [3])
def test_a_job_that_keeps_failing_becomes_an_incident(
    firm: Office, attempts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm.deploy(
        bpmn(
            "nap",
            start(),
            timer("rest", "timeDuration", "PT1H"),
            user("wake", candidateGroups="specialist"),
            end(),
        )
    )
    firm.as_("spec").start("nap")

    def fail(tx: object, job: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setitem(triggers.KINDS, "timer", fail)
    firm.later(hours=2)
    for _ in range(attempts):
        firm.later(minutes=11)
    assert "the disk is full" in firm.incidents()[0]


def test_an_incident_is_tried_again_once_its_cause_is_mended(
    firm: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    from runtime.commands import incidents
    from runtime.identity import NotGranted
    from runtime.queries import incidents as listed

    firm.deploy(NAP)
    case = firm.as_("spec").start("nap")
    with monkeypatch.context() as broken:
        broken.setitem(triggers.KINDS, "timer", lambda tx, job: 1 / 0)
        for _ in range(4):
            firm.later(hours=2)
    (found,) = firm.runtime.read(listed.listing, firm.as_("root").actor)
    with pytest.raises(NotGranted):
        firm.runtime.do(incidents.retry, firm.as_("spec").actor, found.id)
    firm.runtime.do(incidents.retry, firm.as_("root").actor, found.id)
    firm.settle()
    assert set(case.state.standing.values()) == {"wake"}
    assert firm.incidents() == []
    with pytest.raises(incidents.IncidentResolved):
        firm.runtime.do(incidents.retry, firm.as_("root").actor, found.id)
