"""User task: somebody is asked, and what they answer is written. BPMN 2.0.2 §10.3.4, §13.3.3.

Explicit people win, else the lane's group; a called process without lanes takes its
caller's. Who these people are is not known here."""

from __future__ import annotations

import datetime as dt

from runtime.bpmn.model import Node
from runtime.engine import task_events
from runtime.engine.elements.activity import Activity
from runtime.engine.elements.base import shown
from runtime.engine.errors import NobodyToDoIt, NotPeople, NotText
from runtime.engine.ports import TaskOpened
from runtime.engine.priorities import number
from runtime.engine.texts import Evaluate, Template, template
from runtime.engine.tree import CHECK, ENTER, STARTED, InnerLevel, ScopeSpec, Token
from runtime.ids import public_id
from runtime.values import Value

EVALUATED = (
    *("assignee", "candidateUsers", "candidateGroups"),
    *("formRef", "formKey", "dueDate", "followUpDate", "priority"),
)


class UserTask(Activity):
    def __init__(self, level: ScopeSpec, node: Node, *, item: bool = False) -> None:
        super().__init__(level, node, item=item)
        self.asked: dict[str, Template] = {
            name: template(node.attributes[name]) for name in EVALUATED if node.attributes.get(name)
        }

    def begin(self, token: Token) -> bool:
        case, asked = token.case, self.told(token)
        evaluate = case.evaluator(token, beside={"task": asked})
        # In Camunda's order: each sees what stands before it.
        asked["dueDate"] = due = self.moment("dueDate", token, evaluate)
        asked["followUpDate"] = follow_up = self.moment("followUpDate", token, evaluate)
        asked["priority"] = priority = self.priority(evaluate)
        assignee = self.people("assignee", evaluate)
        asked["assignee"] = first = assignee[0] if assignee else None
        candidates = self.people("candidateUsers", evaluate)
        groups = self.people("candidateGroups", evaluate)
        if not (assignee or candidates or groups):
            groups = lane_group(token)
        opened = TaskOpened(
            self.node.id,
            token.id,
            process=self.level.process.id,
            task=str(asked["id"]),
            names=self.node.names,
            assignee=first,
            # Several people where one is asked for: any of them may do it.
            candidates=candidates if len(assignee) < 2 else (*assignee[1:], *candidates),
            groups=groups,
            form=self.form(evaluate),
            due=due,
            follow_up=follow_up,
            priority=priority,
            local=self.inputs_of(token),
        )
        opened = task_events.created(token, opened)
        if not (opened.assignee or opened.candidates or opened.groups):
            fallback = self.node.properties.get("fallback") or self.level.process.properties.get("fallback")
            if not fallback:
                raise NobodyToDoIt(element=self.node.id)
        case.wait(token, {"kind": "user"})
        case.report(opened)
        return False

    def told(self, token: Token) -> dict[str, Value]:
        """What the task's own expressions read of it."""
        return {
            "id": public_id(),
            "name": task_events.label(self.node.names, self.node.id),
            "taskDefinitionKey": self.node.id,
            "executionId": token.id,
            "processInstanceId": token.case.case_id,
            "assignee": None,
            "priority": 50,
            "dueDate": None,
            "followUpDate": None,
        }

    def reassigned(self, token: Token) -> None:
        """Its listeners hear of it in the next step; the task waits on meanwhile."""
        token.memory["untold"] = ["update", "assignment"]
        token.parked = False
        token.phase = CHECK
        token._ready()

    def check(self, token: Token) -> None:
        token.phase = ENTER
        token._set_state(STARTED)
        self.tell_untold(token)

    def tell_untold(self, token: Token) -> None:
        """What happened to the task since it opened and no listener has heard yet."""
        task_events.told(token, token.memory.pop("untold", ()))

    def withdrawn(self, token: Token) -> None:
        if "task.delete" in self.listeners and token.wait.get("kind") == "user":
            token.case.attempt(token, lambda: task_events.told(token, ("delete",)))

    def finish(self, token: Token) -> None:
        self.tell_untold(token)
        task_events.told(token, ("complete",))
        super().finish(token)

    def people(self, field: str, evaluate: Evaluate) -> tuple[str, ...]:
        """Names separated by commas, or a list of them; none for null."""
        if field not in self.asked:
            return ()
        value = self.asked[field].fill(evaluate)
        if value is None:
            return ()
        named = value.split(",") if isinstance(value, str) else value
        if not isinstance(named, list) or not all(isinstance(name, str) or name is None for name in named):
            raise NotPeople(field=field, element=self.node.id, value=shown(value))
        return tuple(dict.fromkeys(name.strip() for name in named if name and name.strip()))

    def form(self, evaluate: Evaluate) -> str | None:
        asked = self.asked.get("formRef") or self.asked.get("formKey")
        value = asked.fill(evaluate) if asked else None
        if value is not None and not isinstance(value, str):
            raise NotText(field="form", element=self.node.id, value=shown(value))
        return value or None

    def moment(self, field: str, token: Token, evaluate: Evaluate) -> dt.datetime | None:
        value = self.asked[field].fill(evaluate) if field in self.asked else None
        return task_events.moment(token, field, value)

    def priority(self, evaluate: Evaluate) -> int:
        value = self.asked["priority"].fill(evaluate) if "priority" in self.asked else 50
        return number(value, "priority", self.node.id)


def lane_group(token: Token) -> tuple[str, ...]:
    """The group of the innermost lane around the token, its callers' included."""
    current = token
    while True:
        process = current.workflow.spec.process
        lane = process.lanes.get(current.task_spec.node.lane)
        if lane is not None and lane.group:
            return (lane.group,)
        level = current.workflow
        # A process that has lanes, but none here, means something by it.
        crossing = isinstance(level, InnerLevel) and level.owner.workflow.spec.process is not process
        if not isinstance(level, InnerLevel) or (crossing and process.lanes):
            return ()
        current = level.owner
