"""What a game holds: levels, tokens on flows and at nodes, armed events, variables by scope.

Not here: the rules by which they move (game.py)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.token_game.conditions import Unknown, evaluate
from tests.token_game.diagram import Flow, Net, Node

Value = int | bool | None | list[int]

MOVING = "moving"  # on a flow, or about to start: not yet seen at its node
READY = "ready"  # at its node, which has not begun
JOINING = "joining"  # at a gateway that waits for others
WAITING = "waiting"  # for the world, or for what runs inside
LEAVING = "leaving"  # done but for its last step
PARKED = "parked"
THROWN = "thrown"  # its throw has cancelled it: it may be reported either as left or as cancelled


@dataclass(eq=False)
class Store:
    """The variables of one scope. `parent` None: a process's own."""

    parent: Store | None
    owner: Token | None = None
    values: dict[str, Value] = field(default_factory=dict)

    def outwards(self) -> Iterator[Store]:
        store: Store | None = self
        while store is not None:
            yield store
            store = store.parent

    def holder(self, name: str) -> Store:
        """The nearest scope that holds the name, else the process's."""
        found = self
        for found in self.outwards():
            if name in found.values:
                break
        return found

    def get(self, name: str) -> Value:
        holder = self.holder(name)
        if name not in holder.values:
            raise Unknown(name)
        return holder.values[name]

    def evaluate(self, text: str) -> Value:
        return evaluate(text, self.get)  # type: ignore[arg-type]

    def holds(self, text: str) -> bool:
        """Whether a condition holds; one that names what is not there does not."""
        try:
            return self.evaluate(text) is True
        except Unknown:
            return False


@dataclass(eq=False)
class Armed:
    """An event that is armed: on an activity's boundary, behind a gateway, or as an event
    subprocess's start. `due`: its condition has become true.

    `hour`: when a timer comes; `left`: how often after that (None: for ever)."""

    number: int
    node: Node
    host: Token | Level
    store: Store
    flow: Flow | None = None  # from the event-based gateway
    activity: str = ""
    due: bool = False
    hour: int = 0
    left: int | None = 0

    @property
    def kind(self) -> str:
        return self.node.trigger.kind


@dataclass(eq=False)
class Record:
    """A completed activity that can be undone: its own variables then, what completed inside it."""

    number: int
    node: Node
    values: dict[str, Value]
    inner: list[Record]


@dataclass(eq=False)
class Level:
    """A process, called process, subprocess or event subprocess that runs.

    `resets`: complex gateways that have started and not yet reset, and the flows that gave a token."""

    net: Net
    store: Store
    owner: Token | None = None
    tokens: list[Token] = field(default_factory=list)
    armed: list[Armed] = field(default_factory=list)
    firing: list[Firing] = field(default_factory=list)
    resets: dict[str, frozenset[str]] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    outcome: str = "completed"
    done: bool = False
    interrupted: bool = False  # an event subprocess has taken over


@dataclass(eq=False)
class Firing:
    """A join that has begun to fire: which flows' tokens are still to be taken, whether one has gone on."""

    node: Node
    needed: set[str]
    given: bool = False
    phase: str = ""  # of a complex gateway
    taken: frozenset[str] = frozenset()


@dataclass(eq=False)
class Token:
    """`role`: "" or, of an activity that is repeated, "body" and "item"; "undo" of a subprocess that
    is there again; "reset" at a complex gateway, if it came by no flow. `store`: what is around it.
    `undoes`: who waits for this handler.

    `activity`: the id by which the engine calls it, once known. `expects`: the id it must get."""

    number: int
    node: Node
    level: Level
    store: Store
    flow: str = ""
    role: str = ""
    parent: Token | None = None
    phase: str = MOVING
    came: int = 0  # when, among others, to its node
    activity: str = ""
    expects: str = ""
    happened: bool = False  # an event that has happened already, so it does not wait
    due: bool = False
    results: dict[str, Value] = field(default_factory=dict)
    local: Store | None = None
    armed: list[Armed] = field(default_factory=list)
    items: list[Token] = field(default_factory=list)
    inner: Level | None = None
    winner: Armed | None = None
    index: int = 0
    each: list[int] = field(default_factory=list)
    hour: int = 0  # when its timer comes
    total: int = 0
    finished: int = 0
    parked_from: str = ""
    plan: list[tuple[Level, Record]] = field(default_factory=list)  # what it will undo, the next one last
    undoing: Token | None = None
    undoes: Token | None = None
    record: Record | None = None

    @property
    def seen(self) -> Store:
        """Where its expressions look first."""
        return self.local or self.store

    @property
    def label(self) -> str:
        role = f" ({self.role})" if self.role else ""
        return f"{self.node.id}{role} {self.phase}"

    def kind(self) -> str:
        """What the engine calls it when it is reached."""
        if self.role == "body":
            assert self.node.loop is not None
            return "standardLoop" if self.node.loop.standard else "multiInstance"
        return "compensation" if self.role == "undo" else self.node.tag
