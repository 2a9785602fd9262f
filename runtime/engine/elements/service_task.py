"""Service task: an operation of the runtime, or what an external worker does, by topic. BPMN 2.0.2 §13.3.3.

Also what sends or decides with a topic instead of a message or rule. An operation is done in the
step; a topic that is none waits until a worker has told what came of it (Execution.deliver, fail,
throw). camunda:errorEventDefinitions are asked then, whether it failed or not: the first whose
expression holds is thrown, as in Camunda's external tasks. An operation over very many does a part in each
of several transactions; the token waits for the next as behind a savepoint. Not here: who fetches it, locks and
retries (commands/external_tasks.py)."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.bpmn.model import Node
from runtime.engine.elements.activity import Activity
from runtime.engine.elements.base import shown
from runtime.engine.errors import BadTopic
from runtime.engine.ports import BpmnError, ExternalOpened, Unfinished
from runtime.engine.priorities import priority, rank
from runtime.engine.texts import formula, template
from runtime.engine.tree import ENTER, LEAVE, STARTED, ScopeSpec, Token
from runtime.expressions import CannotEvaluate
from runtime.values import Value, from_json

LONGEST_TOPIC = 255  # characters
UNDER_WAY = "under_way"  # in a token's memory: a part of the operation is done


class ServiceTask(Activity):
    def __init__(self, level: ScopeSpec, node: Node, *, item: bool = False) -> None:
        super().__init__(level, node, item=item)
        self.topic = node.topic
        self.topic_ = template(node.topic)
        self.task_priority = priority(node.task_priority, level.process, "taskPriority")
        self.errors = [(formula(error.condition), error.code) for error in node.errors]

    def _run_hook(self, my_task: Token) -> bool | None:
        if my_task.phase == LEAVE and not self.leaves(my_task):
            return None
        return super()._run_hook(my_task)

    def begin(self, token: Token) -> bool:
        case, step = token.case, token.case.step_of(token)
        if case.world.is_external(self.topic, step):
            self.hand_out(token)
            return False
        try:
            results = case.world.operate(self.topic, self.inputs_of(token), step) or {}
            if isinstance(results, Unfinished):
                token.memory[UNDER_WAY] = True
                case.put_off(token, results.since)
                return False
            token.memory.pop(UNDER_WAY, None)
        except BpmnError:
            raise
        except Exception as failure:
            self.throw(token, {}, str(failure), type(failure).__name__)
            raise
        token.memory["results"] = case.read_values(results)
        self.throw(token, results, None, None)
        return True

    def under_way(self, token: Token) -> bool:
        return UNDER_WAY in token.memory

    def hand_out(self, token: Token) -> None:
        """From now on it waits for a worker."""
        case, evaluate = token.case, token.case.evaluator(token)
        topic = self.topic_.fill(evaluate)
        if not isinstance(topic, str) or not 0 < len(topic) <= LONGEST_TOPIC:
            raise BadTopic(element=self.node.id, value=shown(topic), most=LONGEST_TOPIC)
        opened = ExternalOpened(
            self.node.id,
            token.id,
            process=self.level.process.id,
            topic=topic,
            priority=rank(self.task_priority, evaluate, "taskPriority", self.node.id),
        )
        token.memory["topic"] = topic
        case.wait(token, {"kind": "external"})
        case.report(opened)

    def leaves(self, token: Token) -> bool:
        """Whether what the worker told lets the token leave. Raises BpmnError for what is thrown."""
        memory = token.memory
        if memory.pop("again", False):
            token.phase = ENTER
            self.hand_out(token)
            return False
        if "thrown" in memory:
            told = memory["thrown"]
            error = BpmnError(told["code"], told["message"])
            error.variables = {name: from_json(value) for name, value in told["variables"].items()}
            raise error
        if "failed" in memory:
            self.throw(token, {}, *memory["failed"])
            # The worker's own failure: it stays a matter between it and the house.
            del memory["failed"]
            token.phase = ENTER
            token._set_state(STARTED)
            return False
        if memory.get("delivered"):
            self.throw(token, {}, None, None)
        return True

    def tried_again(self, token: Token) -> None:
        # Thrown, and nothing caught it: thrown again it would still be caught by nothing.
        told = [token.memory.pop(name, None) for name in ("thrown", "failed")]
        if any(told):
            token.memory["again"] = True

    def throw(
        self, token: Token, results: Mapping[str, Value], message: str | None, details: str | None
    ) -> None:
        """Raises BpmnError for the first error definition that holds over what came of it."""
        if not self.errors:
            return
        topic = token.memory.get("topic", self.topic)
        told = {"errorMessage": message, "errorDetails": details, "topicName": topic}
        evaluate = token.case.evaluator(token, beside={**results, "externalTask": told})
        for condition, code in self.errors:
            try:
                holds = self.holds(condition, evaluate)
            except CannotEvaluate:
                if message is None:
                    raise
                holds = False  # it reads results, and there are none: the failure itself speaks
            if holds:
                token.memory.pop("results", None)
                raise BpmnError(code, message or "")
