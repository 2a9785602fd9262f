"""What is there at each point of a graph, whichever way was taken to it. No rule of its own, and nothing of BPMN.

Two fixed points: what may be there on some way (least; a way that needs what nobody gives is none), then what is there
on every way (greatest). Sets of names are whole numbers, a bit for each name, -1 for "anything". Ways are never
enumerated: however many there are, a point is looked at again only when those before it have learned something. Not
here: how a process becomes a graph (ways.py)."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

ALL = -1
# Edges that are looked at, over all walks. What is more work than this is not drawn by hand.
MAX_WORK = 500_000


class TooManyWays(Exception):
    """The graph is so entangled that nobody could have drawn it."""


@dataclass
class Edge:
    """From a point to another; `before`: taken while the first is at work, so without what it gives.
    `needs` must be there for it to be taken, and so is there behind it; `told` comes on the way."""

    source: int
    target: int
    before: bool = False
    needs: int = 0
    told: int = 0
    keeps: int = ALL  # what is gone behind it is not in here


@dataclass
class Point:
    """A place of the graph: a node, or the inside or the end of a subprocess."""

    gives: int = 0
    joins: bool = False  # it waits for all its edges: a parallel gateway
    entry: int = -1  # of the end of a subprocess, or a boundary event: where that or its activity began
    lenient: bool = False  # an end of an ad-hoc subprocess: people know what they have done
    into: list[Edge] = field(default_factory=list)
    out: list[Edge] = field(default_factory=list)


class Graph:
    """Points by number. Of `start` a walk says what is there, at `nothing` nothing is."""

    def __init__(self) -> None:
        self._points: list[Point] = []
        self._rank: list[int] = []
        self._entered: dict[int, list[int]] = {}
        self._work = 0
        self.start, self.nothing = self.point(), self.point()

    def point(self, gives: int = 0, *, joins: bool = False, entry: int = -1, lenient: bool = False) -> int:
        self._points.append(Point(gives, joins, entry, lenient))
        return len(self._points) - 1

    def entered(self, point: int, entry: int) -> None:
        """What was there at `entry` is there at the point too."""
        self._points[point].entry = entry

    def edge(
        self,
        source: int,
        target: int,
        *,
        before: bool = False,
        needs: int = 0,
        told: int = 0,
        keeps: int = ALL,
    ) -> None:
        self.worked()
        edge = Edge(source, target, before, needs, told, keeps)
        self._points[source].out.append(edge)
        self._points[target].into.append(edge)

    def worked(self) -> None:
        """Something was looked at. Raises TooManyWays."""
        self._work += 1
        if self._work > MAX_WORK:
            raise TooManyWays

    def walk(self, held: int) -> tuple[list[int | None], list[int | None]]:
        """What is there when each point begins, and behind it, from a start where `held` is there; None where no
        way leads. Raises TooManyWays."""
        if not self._rank:
            self._rank = self._ranked()
            for number, point in enumerate(self._points):
                if point.entry >= 0:
                    self._entered.setdefault(point.entry, []).append(number)
        may, taken = self._may(held)
        must = self._must(held, may, taken)
        reached = [known is not None for known in may]
        behind = [self._behind(number, must, may) for number in range(len(may))]
        return _where(reached, must), _where(reached, behind)

    def _ranked(self) -> list[int]:
        """Each point's place in reverse postorder: without loops every point comes after all that lead to it."""
        order: list[int] = []
        seen = bytearray(len(self._points))
        for root in (self.nothing, self.start):
            stack: list[tuple[int, int]] = [(root, 0)]
            seen[root] = 1
            while stack:
                point, tried = stack.pop()
                edges = self._points[point].out
                while tried < len(edges) and seen[edges[tried].target]:
                    tried += 1
                if tried < len(edges):
                    stack.append((point, tried + 1))
                    seen[edges[tried].target] = 1
                    stack.append((edges[tried].target, 0))
                else:
                    order.append(point)
        rank = [len(self._points)] * len(self._points)
        for place, point in enumerate(reversed(order)):
            rank[point] = place
        return rank

    def _may(self, held: int) -> tuple[list[int | None], set[int]]:
        """What may be there at each point, None where no way leads; and the edges that may be taken, by id()."""
        may: list[int | None] = [None] * len(self._points)
        taken: set[int] = set()
        come = [0] * len(self._points)
        may[self.start], may[self.nothing] = held, 0
        queue = _Queue(self._rank, (self.start, self.nothing))
        for point in queue:
            known = may[point]
            if known is None:
                continue
            here = self._points[point]
            for edge in here.out:
                self.worked()
                sent = (known if edge.before else known | here.gives) & edge.keeps | edge.told
                if edge.needs & ~sent:
                    continue  # it asks for what nobody can have given
                target = self._points[edge.target]
                if id(edge) not in taken:
                    taken.add(id(edge))
                    come[edge.target] += 1
                if target.joins and come[edge.target] < len(target.into):
                    # What has come on the others is asked for again when the last one is here.
                    continue
                if target.joins and may[edge.target] is None:
                    for other in target.into:
                        sent |= (may[other.source] or 0) | self._points[other.source].gives
                if target.entry >= 0:
                    sent |= may[target.entry] or 0
                was = may[edge.target]
                now = sent if was is None else was | sent
                if now != was:
                    may[edge.target] = now
                    queue.add(edge.target)
        return may, taken

    def _must(self, held: int, may: list[int | None], taken: set[int]) -> list[int]:
        """What is there at each point whichever way was taken."""
        must = [ALL] * len(self._points)
        must[self.start], must[self.nothing] = held, 0
        reached = (point for point, known in enumerate(may) if known is not None)
        queue = _Queue(self._rank, (point for point in reached if self._points[point].into))
        for number in queue:
            point = self._points[number]
            joined = 0 if point.joins else ALL
            for edge in point.into:
                self.worked()
                if id(edge) not in taken:
                    continue
                behind = must[edge.source] if edge.before else self._behind(edge.source, must, may)
                sent = behind & edge.keeps | edge.told | edge.needs
                joined = joined | sent if point.joins else joined & sent
            if point.entry >= 0:
                joined |= must[point.entry]
            # Never more than on an earlier visit, so that it comes to an end.
            joined &= must[number]
            if joined != must[number]:
                must[number] = joined
                for target in self._behind_it(number, may):
                    queue.add(target)
        return must

    def _behind_it(self, number: int, may: list[int | None]) -> Iterator[int]:
        """The points that its value matters to."""
        yield from (edge.target for edge in self._points[number].out if may[edge.target] is not None)
        yield from (point for point in self._entered.get(number, ()) if may[point] is not None)

    def _behind(self, number: int, must: list[int], may: list[int | None]) -> int:
        point = self._points[number]
        return (may[number] or 0 if point.lenient else must[number]) | point.gives


class _Queue:
    """Points to look at, the earlier on their ways first, each once at a time."""

    def __init__(self, rank: list[int], points: Iterable[int]) -> None:
        self._rank, self._heap, self._waiting = rank, list[tuple[int, int]](), set[int]()
        for point in points:
            self.add(point)

    def add(self, point: int) -> None:
        if point not in self._waiting:
            self._waiting.add(point)
            heapq.heappush(self._heap, (self._rank[point], point))

    def __iter__(self) -> Iterator[int]:
        while self._heap:
            _, point = heapq.heappop(self._heap)
            self._waiting.discard(point)
            yield point


def _where(reached: list[bool], known: list[int]) -> list[int | None]:
    return [each if there else None for there, each in zip(reached, known, strict=True)]
