"""What a stranger's file may cost at its worst, and what an expression costs.

Each beside the library's own reading of as much. The tests say that it is refused and where; on a
busy machine a second is no measure. Not here: what is hostile (tests/core)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from xml.parsers import expat

from lxml import etree
from ruamel.yaml import YAML

from runtime import expressions, xml, yaml
from runtime.bpmn import check as checking
from runtime.bpmn.check import check
from runtime.errors import Invalid
from runtime.rules import rulefile
from tests.benchmarks.measuring import Figure, Run, bench, milliseconds, side_by_side
from tests.core.bpmn.office import CATALOGUE
from tests.core.bpmn.test_hostile import forks, tasks
from tests.core.rules.test_source import many_values
from tests.core.test_expressions import NAMES
from tests.core.test_xml import many_attributes, many_rows

WANTED = "wanted: under 2000 ms on two quiet cores"
SIMPLE = "amount > 1000 and 部門 == '財務'"


def _refused(data: bytes) -> None:
    with suppress(Invalid):
        xml.parse(data)


def _expat(data: bytes) -> None:
    expat.ParserCreate().Parse(data, True)


def _events(text: str) -> None:
    for _ in islice(YAML(typ="safe", pure=True).parse(text), yaml.MAX_NODES):
        pass


@bench("refusals", "The worst files that strangers may send, and an expression")
def refusals(run: Run) -> Iterator[Figure]:
    wall, many = tasks(run.size(checking.MAX_NODES, 50)), forks(run.size(990, 20))
    text, wide = many_values(run.size(300_000, 500)), many_attributes(run.size(500_000, 500))
    rows = many_rows(run.size(49_000, 500))
    pairs: list[tuple[str, Callable[[], object], Callable[[], object], float]] = [
        ("a rule file of 300,000 values", lambda: rulefile.load(text), lambda: _events(text), 2),
        ("500,000 attributes", lambda: _refused(wide), lambda: _expat(wide), 5),
        ("49,000 elements", lambda: xml.parse(rows), lambda: etree.fromstring(rows), 6),
        ("a wall of tasks", lambda: check(wall, "wall.bpmn", CATALOGUE), lambda: xml.parse(wall), 100),
        ("a thousand forks", lambda: check(many, "forks.bpmn", CATALOGUE), lambda: xml.parse(many), 100),
    ]
    for what, ours, floor, most in pairs:
        (cost, least), ratio = side_by_side(
            run.size(5, 1), lambda ours=ours: milliseconds(ours), lambda floor=floor: milliseconds(floor)
        )
        yield Figure(what, cost, least, most=most, ratio=ratio, note=WANTED)
    found, rounds = expressions.compile(f"${{{SIMPLE}}}"), run.size(20_000, 100)
    (cost, least), ratio = side_by_side(
        run.size(7, 1),
        lambda: milliseconds(lambda: [found.evaluate(NAMES) for _ in range(rounds)], rounds),
        lambda: milliseconds(
            lambda: [NAMES["amount"] > 1000 and NAMES["部門"] == "財務" for _ in range(rounds)], rounds
        ),
    )
    yield Figure("an expression", cost, least, most=60, ratio=ratio, note="wanted: 100,000 a second")
