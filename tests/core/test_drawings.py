"""The diagrams of the department can be read: nothing is drawn over anything else.

Not here: what they mean (bpmn/test_rules.py), how they look in colour (tests/web)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

PROCESSES = Path(__file__).resolve().parents[2] / "processes"
BPMNDI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
DI = "{http://www.omg.org/spec/DD/20100524/DI}"
# What others stand in, and notes, which lie beside what they are about.
ROOMS = {"participant", "lane", "subProcess", "textAnnotation"}
TOUCH = 3  # pixels by which neighbours may meet
# Whose lines cross more than once: none may be added, and none may cross more often.
CROSSED = {"award_nomination": 2, "expense_claim": 2, "training_plan": 2, "variance_approval": 2}

Box = tuple[float, float, float, float]  # left, top, right, bottom
Line = list[Box]  # its pieces, as thin boxes


def box(element: Any) -> Box:
    x, y, width, height = (float(element.get(name)) for name in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


def overlap(one: Box, other: Box) -> bool:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return min(across, down) > TOUCH


def inside(whole: Box) -> Box:
    return whole[0] + TOUCH, whole[1] + TOUCH, whole[2] - TOUCH, whole[3] - TOUCH


def crosses(line: Line, area: Box) -> bool:
    x1, y1, x2, y2 = inside(area)
    return any(
        left < x2 and right > x1 and top < y2 and bottom > y1 and (left < right or top < bottom)
        for left, top, right, bottom in line
    )


def meet(one: Box, other: Box) -> bool:
    """Whether a piece from left to right and one from top to bottom cross, and not just touch."""
    for flat, steep in ((one, other), (other, one)):
        if flat[1] == flat[3] and steep[0] == steep[2]:
            return flat[0] < steep[0] < flat[2] and steep[1] < flat[1] < steep[3]
    return False


class Drawing:
    def __init__(self, file: Path) -> None:
        tree = etree.parse(file)
        self.elements = {each.get("id"): each for each in tree.iter(etree.Element) if each.get("id")}
        self.shapes: dict[str, Box] = {}
        self.labels: dict[str, Box] = {}
        self.lines: dict[str, Line] = {}
        for each in tree.iter(f"{BPMNDI}BPMNShape", f"{BPMNDI}BPMNEdge"):
            of = each.get("bpmnElement")
            label = each.find(f"{BPMNDI}BPMNLabel/{DC}Bounds")
            if label is not None:
                self.labels[of] = box(label)
            if each.tag.endswith("Shape"):
                if self.kind(of) not in ROOMS:
                    self.shapes[of] = box(each.find(f"{DC}Bounds"))
                continue
            points = [(float(p.get("x")), float(p.get("y"))) for p in each.findall(f"{DI}waypoint")]
            self.lines[of] = [
                (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
                for (x1, y1), (x2, y2) in itertools.pairwise(points)
            ]

    def kind(self, of: str) -> str:
        return str(etree.QName(self.elements[of]).localname)

    def host(self, of: str) -> str | None:
        found: str | None = self.elements[of].get("attachedToRef")
        return found

    def problems(self) -> Iterator[str]:
        for name, line in self.lines.items():
            yield from (
                f"{name} runs through {of}" for of, area in self.shapes.items() if crosses(line, area)
            )
            yield from (
                f"{name} runs through the words of {of}"
                for of, area in self.labels.items()
                if crosses(line, area)
            )
        words = list(self.labels.items())
        for index, (name, area) in enumerate(words):
            yield from (
                f"the words of {name} and {of} overlap"
                for of, other in words[index + 1 :]
                if overlap(area, other)
            )
            yield from (
                f"the words of {name} lie on {of}"
                for of, other in self.shapes.items()
                # The corners of a gateway's box are empty.
                if overlap(area, other) and not (of == name and self.kind(of).endswith("Gateway"))
            )
        shapes = list(self.shapes.items())
        for index, (name, area) in enumerate(shapes):
            yield from (
                f"{name} lies on {of}"
                for of, other in shapes[index + 1 :]
                if overlap(area, other) and self.host(name) != of and self.host(of) != name
            )


    def crossings(self) -> int:
        return sum(
            meet(piece, another)
            for one, other in itertools.combinations(self.lines.values(), 2)
            for piece, another in itertools.product(one, other)
        )


@pytest.mark.parametrize("file", sorted(PROCESSES.glob("*/*.bpmn")), ids=lambda file: file.stem)
def test_no_line_runs_through_a_step_or_a_word_and_nothing_lies_on_another(file: Path) -> None:
    assert list(Drawing(file).problems()) == []


def test_lines_cross_once_in_a_diagram_and_more_often_only_where_the_list_says_so() -> None:
    crossed = {file.stem: Drawing(file).crossings() for file in PROCESSES.glob("*/*.bpmn")}
    assert {name: number for name, number in crossed.items() if number > 1} == CROSSED


def test_what_is_drawn_over_something_is_found(tmp_path: Path) -> None:
    drawn = (PROCESSES / "errand" / "errand.bpmn").read_text(encoding="utf-8")
    file = tmp_path / "errand.bpmn"
    file.write_text(drawn, encoding="utf-8")
    good = Drawing(file)
    name, line = next((name, line) for name, line in good.lines.items() if len(line) == 1)
    middle = (line[0][0] + line[0][2]) / 2
    moved = next(iter(good.labels))
    good.labels[moved] = (middle - 10, line[0][1] - 7, middle + 10, line[0][1] + 7)
    assert f"{name} runs through the words of {moved}" in list(good.problems())
    good.labels[moved] = next(iter(good.shapes.values()))
    assert any(problem.startswith(f"the words of {moved} lie on") for problem in good.problems())
