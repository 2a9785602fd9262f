"""SpiffWorkflow's task tree as we use it: tokens, the workflow of a case, those inside it.

A token is one instance of one element; the tree holds only tokens that are open, since a
finished one hands its place to its successors at once. So a step costs the same after
ten rounds of a loop and after ten thousand, no depth is ever reached, and history is the
event log's. `data` stays empty: variables live in scopes.py.
Not here: what an element does (elements/), how a step is made whole (moves.py)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, NoReturn

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.specs.WorkflowSpec import WorkflowSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from runtime.engine.scopes import ROOT

if TYPE_CHECKING:
    from runtime.bpmn.model import Process
    from runtime.engine.elements.base import Element
    from runtime.engine.elements.event_sub_process import EventSubProcess, Listener
    from runtime.engine.moves import Case

WAITING, READY, STARTED = TaskState.WAITING, TaskState.READY, TaskState.STARTED
COMPLETED, CANCELLED, FUTURE = TaskState.COMPLETED, TaskState.CANCELLED, TaskState.FUTURE

ENTER, LEAVE, CHECK = "enter", "leave", "check"
ROOT_TASK = "root"


class Root(BpmnTaskSpec):
    """What a tree hangs on; no element of the diagram. NCNames have no #, so no id can be the same."""

    is_listener = False


class ScopeSpec(BpmnProcessSpec):
    """One level of a diagram: a process, or the inside of a subprocess. Never changes once compiled.

    The stock one adds tasks named Start, End and NAME.EndJoin, which collide with ids that
    people use; so only the base's initialiser runs."""

    def __init__(self, name: str, process: Process) -> None:
        WorkflowSpec.__init__(self, name=name)
        self.process = process
        self.start: Root = Root(self, "#root")
        self.end = None
        self.io_specification = None
        self.data_objects: dict[str, Any] = {}
        self.data_stores: dict[str, Any] = {}
        self.correlation_keys: dict[str, Any] = {}
        self.bpmn_start_events: list[Any] = []
        self.targets: dict[str, str] = {}  # flow id → id of the node it leads to
        self.sources: dict[str, str] = {}  # flow id → id of the node it comes from
        self.hosts: dict[str, str] = {}  # boundary event → what it is attached to
        self.listeners: list[Listener] = []  # starts of event subprocesses that wait for something
        self.by_event: list[EventSubProcess] = []
        self.undone: dict[str, Element] = {}  # activity → what compensates it
        self.compensates = False  # whether anything in the process throws compensation
        self.starts: dict[str, Element] = {}  # by id; the none start event under "" too
        self.inner: dict[str, ScopeSpec] = {}  # subprocess or call activity → what is inside

    def element(self, name: str) -> Element:
        found: Element = self.task_specs[name]
        return found


class Token(Task):
    """One instance of one element; its id is the activity id.

    `number`: order of creation in the case. `scope`: where its writes go out to. `flow`: by
    which it came. `phase`: what its next step is (CHECK: whether its condition holds now).
    `entered`: whether it was reported as reached (an armed event is not). `wait`: what it waits
    for. `memory`: what its element must remember, plain JSON; a saved case shares its insides with
    it, so that only the lists and maps in it itself may grow or shrink."""

    task_spec: Element
    _parent: str | None

    def __init__(
        self,
        workflow: Any,
        spec: Any,
        parent: Token | None,
        *,
        id: str,
        number: int = 0,
        scope: str = ROOT,
        flow: str = "",
        state: int = FUTURE,
    ) -> None:
        super().__init__(workflow, spec, parent, state, id)
        # In place of a list, since one of many thousand may go; and of a dict, which to find its first
        # looks at all those before it that are gone. In order of creation too.
        self._children: OrderedDict[str, None] = OrderedDict()
        self.number = number
        self.scope = scope
        self.flow = flow
        self.phase = ENTER
        self.entered = False
        self.parked = False
        self.wait: dict[str, Any] = {}
        self.memory: dict[str, Any] = {}
        self.flows: tuple[str, ...] = ()  # those it leaves by, within one step
        if spec.is_listener:
            workflow.listening += 1
        workflow.touch()

    def _child_added_notify(self, child: Task) -> None:
        self._children[child.id] = None

    def _set_state(self, value: int) -> None:
        # Without the clock and the log line of the stock one.
        self._state = value

    @property
    def element(self) -> str:
        """The BPMN id."""
        return self.task_spec.node.id

    @property
    def case(self) -> Case:
        top: Case = self.workflow.top_workflow
        return top

    @property
    def local(self) -> str:
        """The innermost scope: its own if it has one."""
        return self.id if self.id in self.case.scopes else self.scope

    @property
    def held_up(self) -> bool:
        """Whether a savepoint lies before its next step, which a job makes."""
        return self.wait.get("kind") == "job"

    @property
    def is_open(self) -> bool:
        return not self.has_state(TaskState.FINISHED_MASK)

    def near(self, element: str) -> list[str]:
        """The tokens of `element` at this one's level or inside it; if there is none, at the next level out."""
        level: Level | None = self.workflow
        while level is not None:
            if found := [
                token.id
                for token in self.case.index.values()
                if token.element == element and level in token.workflow.and_around()
            ]:
                return found
            level = next(islice(level.and_around(), 1, None), None)
        return []

    def move_to_root(self) -> None:
        """Out of its parent's hands: what happens to the parent concerns it no longer."""
        root: Token = self.workflow.task_tree
        del self.parent._children[self.id]
        self._parent = root.id
        root._children[self.id] = None
        self.workflow.touch()


class NoScripts:
    """In place of the stock script engine, which would run Python from a diagram."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError("no script of a diagram is run by SpiffWorkflow")


class Level:
    """What the case's workflow and those inside it have in common.

    `scope`: where its tokens write to; `key`: the business key seen inside; `outcome`: how it
    will have ended; `interrupted`: an event subprocess has taken over; `completed_work`: what can
    be compensated, in order of completion (compensation.py); `resets`: complex gateway → the flows
    whose tokens it has taken and not yet reset. All plain JSON, never changed in place.

    Found anew when a case is restored: `held`, gateway → flow → the tokens that have come by it and
    not gone on, the oldest first; `expected`, gateway → a token for which it waits."""

    spec: ScopeSpec
    tasks: dict[str, Token]
    task_tree: Token
    scope: str = ROOT
    key: str = ""
    top_workflow: Any
    outcome: str = "completed"
    interrupted: bool = False
    listening: int = 0  # tokens that only listen for what starts an event subprocess

    def plant(self) -> None:
        self.completed_work: list[dict[str, Any]] = []
        self.resets: dict[str, list[str]] = {}
        self.held: dict[str, dict[str, dict[str, Token]]] = {}
        self.expected: dict[str, str] = {}
        self.task_tree = Token(self, self.spec.start, None, id=ROOT_TASK, state=COMPLETED)

    def and_around(self) -> Iterator[Level]:
        """This level and those that it lies in, outwards."""
        level: Level | None = self
        while level is not None:
            yield level
            level = level.owner.workflow if isinstance(level, InnerLevel) else None

    def tokens(self) -> Iterator[Token]:
        """All that are open here, the oldest first."""
        return (token for token in list(self.tasks.values()) if token.id != ROOT_TASK)

    def branches(self) -> Iterator[Token]:
        """The tokens that run here, without those that depend on them, the oldest first."""
        return (self.tasks[id] for id in self.task_tree._children)

    def empty(self) -> bool:
        """Nothing is left to do here; what only listens does not keep a level open."""
        return len(self.tasks) == 1 + self.listening

    def hold(self, token: Token) -> None:
        """The token has come to a gateway that joins, and waits there for others."""
        self.held.setdefault(token.task_spec.name, {}).setdefault(token.flow, {})[token.id] = token

    def release(self, token: Token) -> None:
        """It goes on, or is gone."""
        gateway = self.held.get(token.task_spec.name)
        flow = gateway.get(token.flow) if gateway is not None else None
        if gateway is None or flow is None or flow.pop(token.id, None) is None or flow:
            return
        del gateway[token.flow]
        if not gateway:
            del self.held[token.task_spec.name]

    def filled(self, gateway: str) -> Mapping[str, Mapping[str, Token]]:
        """Flow → what has come by it, of the flows by which something has."""
        return self.held.get(gateway, {})

    def touch(self) -> None:
        """A token came, moved or died here: joins of this level are looked at again."""
        self.top_workflow.touched[self] = None

    def drop(self, token: Token) -> None:
        """Take a token without children out of the tree."""
        del token.parent._children[token.id]
        del self.tasks[token.id]
        self.release(token)
        self.touch()
        if token.task_spec.is_listener:
            self.listening -= 1


class TopLevel(Level, BpmnWorkflow):
    """The case's own process."""

    def __init__(self, spec: ScopeSpec) -> None:
        BpmnWorkflow.__init__(self, spec, script_engine=NoScripts(), deserializing=True)
        self.index: dict[str, Token] = {}
        self.touched: dict[Level, None] = {}  # since joins were last looked at
        self.plant()

    def get_task_from_id(self, task_id: str) -> Token | None:
        # The stock one asks each subprocess in turn.
        return self.index.get(task_id)


class InnerLevel(Level, BpmnSubWorkflow):
    """The inside of one subprocess or called process; `owner` is the token it belongs to."""

    def __init__(self, spec: ScopeSpec, owner: Token) -> None:
        BpmnSubWorkflow.__init__(self, spec, owner.id, owner.case, deserializing=True)
        self.owner = owner
        self.plant()
