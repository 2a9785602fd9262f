"""Each construct of BPMN either runs by the trace that the standard prescribes, or a rule refuses its file.

docs/bpmn-coverage.md shows these examples; tests/core/test_docs.py keeps it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from runtime import scripts
from runtime.bpmn import vocabulary
from runtime.bpmn.lint import RULES
from tests.coverage import boundaries, events
from tests.coverage.drawn import KINDS
from tests.coverage.example import Example, Refused, checked, fits, outcome, run, traced
from tests.coverage.page import everything
from tests.coverage.places import TRIGGERS, Place, named

EXAMPLES = [row for row in everything() if isinstance(row, Example)]
REFUSED = [row for row in everything() if isinstance(row, Refused)]


@pytest.fixture(scope="module", autouse=True)
def _scripts() -> Iterator[None]:
    yield
    scripts.close()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda row: row.name)
def test_an_example_takes_the_steps_that_it_says(example: Example) -> None:
    played = run(example)
    found = traced(played)
    assert fits(example.trace, found), f"{example.draw}\nwanted {example.trace}\nfound  {' '.join(found)}"
    assert outcome(played) == example.outcome
    assert {name: played.variables.get(name) for name in example.data} == example.data


# Its condition still holds when what completes the host is written: a savepoint later than that lets it happen again.
AGAIN = {"boundary_conditional_beside_adHocSubProcess"}


@pytest.mark.parametrize(
    "example", [row for row in EXAMPLES if row.name not in AGAIN], ids=lambda row: row.name
)
def test_savepoints_everywhere_change_nothing_but_when_it_is_committed(example: Example) -> None:
    played = run(example, put_off=True)
    # What an event ends on its way to the element had not reached it.
    wanted = re.sub(r"[^\s()|]+×", "", example.trace)
    found = [word for word in traced(played) if not word.endswith("×")]
    assert fits(wanted, found), f"{example.draw}\nwanted {wanted}\nfound  {' '.join(found)}"
    assert outcome(played) == example.outcome
    assert {name: played.variables.get(name) for name in example.data} == example.data


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row.name)
def test_what_is_not_run_is_refused_by_the_rule_that_says_why(row: Refused) -> None:
    assert row.rule in RULES
    assert row.rule in {problem.rule for problem in checked(row)[1]}, row.draw


def test_an_example_has_one_name() -> None:
    names = Counter(row.name for row in everything())
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize(
    ("found", "fit"),
    [
        ("a b c d", True),
        ("a c b d", True),
        ("a b d", False),
        ("a b c", False),
        ("b a c d", False),
        ("a b c d d", False),
    ],
)
def test_a_trace_is_held_to_its_order_and_to_nothing_more(found: str, fit: bool) -> None:
    assert fits("a (b | c) d", found.split()) is fit


# --- whether the tables are whole ---------------------------------------------------


def kinds_of(trigger: str) -> str:
    """The word of the vocabulary for a word of the tables."""
    return "timer" if trigger.startswith("timer") else trigger


def run_at(found: dict[str, bool]) -> set[str]:
    return {kinds_of(trigger) for trigger, runs in found.items() if runs}


def test_every_trigger_of_the_standard_is_in_the_tables() -> None:
    known = set().union(*vocabulary.TRIGGERS.values())
    assert {kinds_of(trigger) for trigger in TRIGGERS} == known | {"multiple", "parallelMultiple"}


def test_every_activity_and_gateway_is_in_the_tables() -> None:
    hosts = {KINDS[host.draw.split()[1]] for host in boundaries.HOSTS}
    assert hosts == vocabulary.ACTIVITIES
    drawn = " ".join(row.draw for row in EXAMPLES)
    used = {KINDS.get(word, word) for word in set(re.findall(r"[a-z]+", drawn))}
    assert used >= vocabulary.GATEWAYS


@pytest.mark.parametrize("place", events.START_PLACES, ids=lambda place: place.name)
def test_what_starts_a_level_is_what_the_vocabulary_lets_start_it(place: Place) -> None:
    found = {trigger: isinstance(events.start(place, trigger, False), Example) for trigger in TRIGGERS}
    accepted = vocabulary.STARTS.get(place.name, frozenset({"none"}))  # a process that is called
    assert run_at(found) == accepted


@pytest.mark.parametrize("beside", [False, True])
def test_what_an_activity_may_carry_is_what_the_vocabulary_lets_it(beside: bool) -> None:
    transaction = next(host for host in boundaries.HOSTS if host.name == "transaction")
    rows = {trigger: boundaries.boundary(transaction, trigger, beside) for trigger in TRIGGERS}
    interrupts = {"error", "cancel"} if beside else set()
    assert run_at({trigger: isinstance(row, Example) for trigger, row in rows.items()}) == (
        vocabulary.TRIGGERS["boundaryEvent"] - interrupts
    )


def test_what_is_caught_thrown_and_ended_by_is_what_the_vocabulary_has() -> None:
    by_name = {row.name: isinstance(row, Example) for row in everything()}

    def accepted(*words: str) -> set[str]:
        return run_at({trigger: by_name[named(words[0], trigger, *words[1:])] for trigger in TRIGGERS})

    assert accepted("catch", "alone") == vocabulary.TRIGGERS["intermediateCatchEvent"]
    assert accepted("catch", "behind") == vocabulary.TRIGGERS["intermediateCatchEvent"] - {"link"}
    assert accepted("throw") == vocabulary.TRIGGERS["intermediateThrowEvent"]
    ends = {trigger for trigger in TRIGGERS if by_name.get(named("end", "transaction", trigger))}
    assert ends == vocabulary.TRIGGERS["endEvent"]
