"""Random processes in the engine and in an independent token game (tests/token_game).

GUICHENG_EXAMPLES: how many processes for each kind; without it, the same ones every time."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers

from runtime.engine import ports
from tests.token_game import seen, variants
from tests.token_game.acceptor import Disagreement
from tests.token_game.diagram import Diagram
from tests.token_game.generate import CALM, CATCHING, FEATURES, STIMULI, UNDOING, UNDOING_INSIDE, processes
from tests.token_game.play import Play

ASKED = os.environ.get("GUICHENG_EXAMPLES")
EXAMPLES = int(ASKED or 160)
ALWAYS = {
    "deadline": None,
    "database": None,
    "derandomize": not ASKED,
    "report_multiple_bugs": False,
    # Shrinking may take minutes; it is for the one who looks for the cause.
    "phases": [Phase.generate, *([Phase.shrink] if ASKED else [])],
    "suppress_health_check": list(HealthCheck),
}


@pytest.fixture(autouse=True)
def no_numbers_from_the_source(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hypothesis draws numbers that it finds in the source of whatever modules are loaded; those of the
    product say nothing about a process, and crowd out what does."""
    none = providers.Constants()
    monkeypatch.setattr(providers, "_get_local_constants", lambda: none)
    providers.CONSTANTS_CACHE.cache.clear()
    yield
    providers.CONSTANTS_CACHE.cache.clear()


PLAYED: Counter[str] = Counter()  # how many processes, and in how many of them each feature took part


def some(share: int = 1) -> settings:
    return settings(max_examples=max(1, EXAMPLES // share), **ALWAYS)  # type: ignore[arg-type]


BLOCKS = processes((*FEATURES, "structured"))
GRAPHS = processes((*FEATURES, "unstructured"))
CALM_ONES = processes([feature for feature in CALM if feature in (*FEATURES, "structured")])


def agree(xml: str, stimuli: Any) -> None:
    """The game accepts what the engine does, and storage in between changes nothing."""
    judged = Play(xml, stimuli).run()
    PLAYED["processes"] += 1
    happenings = [told for batch in judged.happenings for told in batch]
    PLAYED.update(seen.features(Diagram(xml, judged.main), happenings))
    kept = Play(xml, stimuli, stored=False, judged=False).run()
    assert judged.plainly() == kept.plainly()
    assert judged.variables() == kept.variables()


@some()
@given(BLOCKS, STIMULI)
def test_every_step_in_nested_blocks_is_one_of_the_token_game(xml: str, stimuli: Any) -> None:
    agree(xml, stimuli)


@some()
@given(GRAPHS, STIMULI)
def test_every_step_in_unstructured_graphs_is_one_of_the_token_game(xml: str, stimuli: Any) -> None:
    agree(xml, stimuli)


@some()
@given(processes(UNDOING) | processes(UNDOING_INSIDE), STIMULI)
def test_every_step_that_undoes_work_is_one_of_the_token_game(xml: str, stimuli: Any) -> None:
    agree(xml, stimuli)


@some()
@given(processes(CATCHING), STIMULI)
def test_every_step_that_catches_something_is_one_of_the_token_game(xml: str, stimuli: Any) -> None:
    agree(xml, stimuli)


@some(2)
@given(processes(), STIMULI)
def test_savepoints_everywhere_leave_every_step_one_of_the_token_game(xml: str, stimuli: Any) -> None:
    Play(variants.put_off(xml), stimuli).run()


def test_each_feature_took_part_in_what_was_played() -> None:
    if PLAYED["processes"] < 4 * EXAMPLES:
        pytest.skip("the tests before this one have not run here as a whole")
    assert {feature: PLAYED[feature] for feature in FEATURES if not PLAYED[feature]} == {}


@some(4)
@given(processes(), STIMULI)
def test_other_ids_change_nothing(xml: str, stimuli: Any) -> None:
    other = variants.renamed(xml)
    plain = Play(xml, stimuli, judged=False).run()
    renamed = Play(
        other,
        stimuli,
        judged=False,
        main=variants.renamed('"process_1"').strip('"'),
        original=variants.original,
    ).run()
    assert plain.plainly() == renamed.plainly()
    assert plain.variables() == renamed.variables()


@some(4)
@given(processes(), STIMULI, st.integers(0, 99))
def test_another_order_of_the_elements_changes_nothing(xml: str, stimuli: Any, seed: int) -> None:
    plain = Play(xml, stimuli, judged=False).run()
    other = Play(variants.reordered(xml, seed), stimuli, judged=False).run()
    assert anyhow(plain) == anyhow(other)
    assert plain.variables() == other.variables()


@some(4)
@given(CALM_ONES, STIMULI, st.integers(0, 9))
def test_an_empty_branch_beside_a_task_changes_nothing(xml: str, stimuli: Any, which: int) -> None:
    wider = variants.widened(xml, which)
    assume(wider)
    plain = Play(xml, stimuli, judged=False).run()
    other = Play(wider, stimuli).run()
    assert anyhow(plain, flows=False) == anyhow(other, flows=False)
    assert plain.variables() == other.variables()


def anyhow(play: Play, flows: bool = True) -> list[Counter[Any]]:
    """What happened after each stimulus, in whatever order."""
    return [
        Counter(
            (kind, element, what, by if flows else (), *more)
            for kind, element, _, what, by, *more in ((*told[:6], *told[7:]) for told in batch)
            if not element.startswith(variants.ADDED)
        )
        for batch in play.plainly()
    ]


# The game can say no.


def a_wrong_flow(
    told: list[ports.Happening], at: int, flows: Collection[str]
) -> list[ports.Happening] | None:
    found = told[at]
    if not isinstance(found, ports.Left):
        return None
    return [*told[:at], replace(found, flows=(*found.flows[1:], "flow_none")), *told[at + 1 :]]


def a_flow_less(told: list[ports.Happening], at: int, flows: Collection[str]) -> list[ports.Happening] | None:
    found = told[at]
    if not isinstance(found, ports.Left) or not found.flows:
        return None
    return [*told[:at], replace(found, flows=found.flows[1:]), *told[at + 1 :]]


def a_step_less(told: list[ports.Happening], at: int, flows: Collection[str]) -> list[ports.Happening] | None:
    if isinstance(told[at], ports.VariableWritten):
        return None
    return [*told[:at], *told[at + 1 :]]


def a_step_more(told: list[ports.Happening], at: int, flows: Collection[str]) -> list[ports.Happening] | None:
    if isinstance(told[at], (ports.VariableWritten, ports.TimerSet, ports.Subscribed)):
        return None
    return [*told[: at + 1], *told[at:]]


def wrong_data(told: list[ports.Happening], at: int, flows: Collection[str]) -> list[ports.Happening] | None:
    found = told[at]
    if not isinstance(found, ports.VariableWritten) or found.scope:
        return None
    if any(isinstance(after, ports.VariableWritten) and after.name == found.name for after in told[at + 1 :]):
        return None
    return [*told[:at], replace(found, new=77), *told[at + 1 :]]


@pytest.mark.parametrize("forge", [a_wrong_flow, a_flow_less, a_step_less, a_step_more, wrong_data])
def test_a_forged_trace_is_refused(forge: Any) -> None:
    refused = 0

    @settings(max_examples=120, **{**ALWAYS, "derandomize": True})  # type: ignore[arg-type]
    @given(processes(), STIMULI, st.integers(0, 5), st.integers(0, 30))
    def forged(xml: str, stimuli: Any, batch: int, place: int) -> None:
        nonlocal refused
        done = False

        def doctor(number: int, told: list[ports.Happening]) -> list[ports.Happening]:
            nonlocal done
            if number < batch or done or not told:
                return told
            for at in range(len(told)):
                changed = forge(told, (place + at) % len(told), ())
                if changed is not None:
                    done = True
                    return list(changed)
            return told

        try:
            Play(xml, stimuli, doctor=doctor).run()
        except Disagreement:
            assert done
            refused += 1
        else:
            assert not done, f"{forge.__name__} went unnoticed"

    forged()
    assert refused >= 20
