"""The token game of BPMN 2.0 chapter 13: which step each token may make, and what it does.

A step is made when the acceptor has seen that the engine made it; the game says whether it
may be, and with which flows and data. Where the standard leaves room, Camunda 7 decides.
Not here: throwing and catching (events.py), joins (joins.py), reading what the engine
reports (acceptor.py)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.token_game import complexes, events, joins, undo
from tests.token_game.diagram import SUBS, Diagram, Flow, Node
from tests.token_game.state import (
    JOINING,
    LEAVING,
    MOVING,
    PARKED,
    READY,
    WAITING,
    Armed,
    Level,
    Store,
    Token,
    Value,
)

WAITS = ("timer", "message", "signal")
BUILT_IN = ("loopCounter", "nrOfInstances", "nrOfActiveInstances", "nrOfCompletedInstances")


class Unlawful(Exception):
    """The step is not one that the game allows now."""


class NoExit(Exception):
    """No condition holds and there is no default: the token cannot go on."""


class Game:
    """One case. `to_cancel`: what has ended and must be reported so, by activity id."""

    def __init__(self, diagram: Diagram, variables: Mapping[str, Value]) -> None:
        self.diagram = diagram
        self.number = 0
        self.to_cancel: dict[str, str] = {}
        self.thrown: set[str] = set()  # of these, those whose own throw ended them
        self.verdict = ""  # how the case has ended, once it has
        self.hour = 0  # all timers run for one, or come every one
        self.told = False  # whether the engine has said so
        self.root = Level(diagram.main, Store(None, values=dict(variables)))
        self.open(self.root)

    # Who is there.

    def tokens(self) -> Iterator[Token]:
        """All of them, the outer before the inner."""
        pending = list(reversed(self.root.tokens))
        while pending:
            token = pending.pop()
            yield token
            pending += reversed(token.items)
            if token.inner is not None and not token.inner.done:
                pending += reversed(token.inner.tokens)

    def levels(self) -> Iterator[Level]:
        if not self.root.done:
            yield self.root
        yield from (
            token.inner for token in self.tokens() if token.inner is not None and not token.inner.done
        )

    def all_armed(self) -> Iterator[Armed]:
        for level in self.levels():
            yield from level.armed
        for token in self.tokens():
            yield from token.armed

    def called(self, activity: str) -> Token | Armed:
        """Who the engine means. Raises Unlawful."""
        for token in self.tokens():
            if token.activity == activity and token.phase != MOVING:
                return token
        for armed in self.all_armed():
            if armed.activity == activity:
                return armed
        raise Unlawful(f"nothing is open under the activity {activity}")

    def stores(self) -> Iterator[tuple[str, Store]]:
        """Scopes by the ids that the engine gives them."""
        yield "", self.root.store
        for token in self.tokens():
            if token.local is not None:
                yield token.activity, token.local
            if token.inner is not None and token.node.tag == "callActivity":
                yield f"{token.activity}/called", token.inner.store

    def next(self) -> int:
        self.number += 1
        return self.number

    # Variables.

    def write(self, store: Store, name: str, value: Value) -> None:
        self.put(store.holder(name), name, value)

    def put(self, store: Store, name: str, value: Value) -> None:
        if name in store.values and store.values[name] == value:
            return  # what is written again unchanged is no change
        store.values[name] = value
        events.written(self, store)

    # Levels.

    def open(self, level: Level) -> None:
        """A level begins: a token at its start, the starts of its event subprocesses armed."""
        self.spawn(level, level.net.start, level.store)
        self.arm_starts(level)

    def arm_starts(self, level: Level) -> None:
        for sub in level.net.event_subs:
            assert sub.inner is not None
            level.armed += self.arm(sub.inner.start, level, level.store)

    def settle(self, level: Level) -> None:
        """A level without tokens is complete, whatever is still armed."""
        if level.tokens or level.done:
            return
        level.done = True
        level.armed = []
        if level.owner is not None:
            level.owner.phase = LEAVING
        else:
            self.verdict = level.outcome

    def spawn(self, level: Level, node: Node, store: Store, flow: str = "") -> Token:
        token = Token(self.next(), node, level, store, flow, role="body" if node.loop else "")
        level.tokens.append(token)
        return token

    def cancel(self, token: Token) -> None:
        """A token ends, and all that runs inside it."""
        home = token.parent.items if token.role == "item" and token.parent else token.level.tokens
        if token not in home:
            return  # a handler, which has ended with who waits for it
        home.remove(token)
        pending = [token]
        while pending:
            ended = pending.pop()
            if ended.activity and ended.phase != MOVING:
                self.to_cancel[ended.activity] = ended.node.id
            if ended.undoing is not None:
                other = ended.undoing
                if other in other.level.tokens:
                    other.level.tokens.remove(other)
                pending.append(other)
            pending += ended.items
            if ended.inner is not None and not ended.inner.done:
                pending += ended.inner.tokens

    # A node begins.

    def enter(self, token: Token) -> None:
        """A token is seen at its node."""
        token.came = self.next()
        if token.role == "undo":
            undo.reopen(self, token)
        elif token.happened or token.role == complexes.RESET:
            token.phase = LEAVING
        elif joins.waits(token.node):
            token.phase = JOINING
        else:
            token.phase = READY

    def begins(self, token: Token) -> bool:
        """Whether the node of a READY token has a beginning, after which it waits."""
        node = token.node
        if token.role == "body" or node.tag in (*SUBS, "callActivity", "userTask", "receiveTask"):
            return True
        if node.tag == "intermediateCatchEvent":
            return node.trigger.kind != "link"
        return node.tag == "eventBasedGateway" or events.is_slow(node)

    def begin(self, token: Token) -> None:
        node = token.node
        token.phase, token.hour = WAITING, self.hour + 1
        if token.role == "body":
            self.begin_body(token)
        else:
            self.take_inputs(token)
            if node.inner is not None:
                token.inner = Level(node.inner, token.seen, token)
                self.open(token.inner)
                if node.by_event:
                    start = token.inner.tokens[0]
                    start.happened, start.results, token.results = True, token.results, {}
            elif node.tag == "callActivity":
                self.call(token)
            elif node.tag == "eventBasedGateway":
                for flow in node.outgoing:
                    token.armed += self.arm(flow.target, token, token.store, flow)
            elif node.trigger.kind == "conditional":
                token.due = token.store.holds(node.trigger.condition)
            elif events.is_slow(node):
                undo.begin(self, token)
        # Instances have none: the boundary belongs to the activity as a whole.
        if token.phase == WAITING and token.role != "item":
            for boundary in node.boundaries:
                token.armed += self.arm(boundary, token, token.seen)

    def arm(self, node: Node, host: Token | Level, store: Store, flow: Flow | None = None) -> list[Armed]:
        """Nothing for what is only ever caught: errors, escalations, cancel, compensation."""
        if node.trigger.kind not in (*WAITS, "conditional"):
            return []
        armed = Armed(self.next(), node, host, store, flow, hour=self.hour + 1)
        rounds = node.trigger.rounds
        armed.left = None if rounds is None else rounds - 1
        armed.due = armed.kind == "conditional" and store.holds(node.trigger.condition)
        return [armed]

    def arm_again(self, armed: Armed) -> list[Armed]:
        """What has happened can happen again. Rounds of a timer that have been missed are over."""
        if not armed.node.trigger.again:
            return []
        again = self.arm(armed.node, armed.host, armed.store)
        for other in again:
            other.due = False
            if other.kind == "timer":
                other.hour = max(armed.hour, self.hour) + 1
                rounds = other.hour - armed.hour
                if armed.left is not None and armed.left < rounds:
                    return []
                other.left = None if armed.left is None else armed.left - rounds
        return again

    def take_inputs(self, token: Token) -> None:
        if token.node.inputs and token.local is None:
            token.local = Store(token.store, token)
        for name, text in token.node.inputs:
            assert token.local is not None
            value = token.local.evaluate(text) if text.startswith("${") else text
            token.local.values[name] = value  # type: ignore[assignment]

    def call(self, token: Token) -> None:
        net = self.diagram.nets[token.node.called]
        inside = Store(None, token)
        for source, target in token.node.into:
            inside.values[target] = token.seen.get(source)
        token.inner = Level(net, inside, token)
        self.open(token.inner)

    # Repeated activities.

    def begin_body(self, token: Token) -> None:
        loop = token.node.loop
        assert loop is not None
        token.local = Store(token.store, token)
        if loop.standard:
            token.local.values["loopCounter"] = 0
            if loop.before and not token.local.holds(loop.condition):
                token.phase = LEAVING
            else:
                self.start_item(token, 0)
            return
        if loop.collection:
            token.each = token.store.evaluate(loop.collection)  # type: ignore[assignment]
            token.total = len(token.each)
        else:
            token.total = int(token.store.evaluate(loop.cardinality) or 0)  # type: ignore[arg-type]
        self.count(token)
        if not token.total:
            token.phase = LEAVING
        for index in range(min(token.total, 1) if loop.sequential else token.total):
            self.start_item(token, index)

    def start_item(self, body: Token, index: int) -> None:
        assert body.local is not None
        item = Token(self.next(), body.node, body.level, body.local, role="item", parent=body, index=index)
        item.local = Store(body.local, item, {"loopCounter": index})
        if body.node.loop is not None and body.node.loop.element:
            item.local.values[body.node.loop.element] = body.each[index]
        body.items.append(item)

    def count(self, body: Token) -> None:
        assert body.local is not None and body.node.loop is not None
        active = body.total - body.finished
        if body.node.loop.sequential:
            active = min(active, 1)
        body.local.values.update(zip(BUILT_IN[1:], (body.total, active, body.finished), strict=True))

    def item_done(self, item: Token) -> None:
        body = item.parent
        assert body is not None and body.node.loop is not None and body.local is not None
        loop = body.node.loop
        body.finished += 1
        if loop.standard:
            body.local.values["loopCounter"] = body.finished
            over = body.finished == loop.maximum or not (
                body.local.holds(loop.condition) if loop.condition else True
            )
        else:
            self.count(body)
            over = body.finished == body.total or bool(loop.completion and item.seen.holds(loop.completion))
        body.items.remove(item)
        if over:
            for other in list(body.items):
                self.cancel(other)
            body.phase = LEAVING
        elif loop.standard or loop.sequential:
            self.start_item(body, body.finished)

    # A node is left.

    def leave(self, token: Token) -> tuple[str, ...]:
        """The last step of a token at a node that joins nothing. Raises Unlawful, NoExit."""
        if token.phase == READY and not self.begins(token):
            if events.caught(self, token) is not None or events.raises(self, token):
                raise Unlawful(f"{token.label}: it throws and does not simply go on")
            self.take_inputs(token)
            if token.node.topic == "echo":
                assert token.local is not None
                token.results = {name: token.local.values[name] for name, _ in token.node.inputs}
            events.on_leave(self, token)
        elif token.phase != LEAVING:
            raise Unlawful(f"{token.label}: it has no step to make")
        self.finish(token)
        flows = self.exits(token)
        undo.completed(self, token)
        if token.role == "item":
            self.item_done(token)
            return ()
        if token.undoes is not None:
            token.level.tokens.remove(token)
            undo.go_on(self, token.undoes)
            return ()
        events.throw(self, token)
        if token not in self.tokens():
            # Its own throw has ended it, which is told as its leaving.
            self.to_cancel.pop(token.activity)
            return ()
        self.go(token, flows)
        return flows

    def go(self, token: Token, flows: tuple[str, ...]) -> None:
        level = token.level
        level.tokens.remove(token)
        for flow in flows:
            after = self.spawn(level, level.net.flows[flow].target, token.store, flow)
            if token.winner is not None:
                after.happened, after.expects = True, token.winner.activity
                after.results = token.results
        if token.node.trigger.kind == "link" and not token.node.outgoing:
            for target in joins.link_targets(token.node):
                self.spawn(level, target, token.store)
        self.settle(level)

    def finish(self, token: Token) -> None:
        """Write what came of it: by its output parameters, or all if it has none."""
        node = token.node
        if token.winner is not None:
            return  # what came is written by the event behind the gateway
        if node.tag == "callActivity" and token.role != "body":
            self.map_out(token)
        if token.role in ("body", "undo"):
            return
        if node.outputs and token.results and token.local is None:
            token.local = Store(token.store, token)
        for name in sorted(token.results):
            if node.outputs and token.local:
                token.local.values[name] = token.results[name]
            else:
                self.write(token.store, name, token.results[name])
        for name, text in node.outputs:
            self.write(token.store, name, token.seen.evaluate(text))

    def map_out(self, token: Token) -> None:
        assert token.inner is not None
        for source, target in token.node.out:
            self.write(token.store, target, token.inner.store.values.get(source))

    def exits(self, token: Token) -> tuple[str, ...]:
        """The flows by which a token goes on. Raises NoExit."""
        node = token.node
        if token.role in ("item", "undo"):
            return ()
        if token.winner is not None and token.winner.flow is not None:
            return (token.winner.flow.id,)
        if node.tag == "exclusiveGateway":
            for flow in node.outgoing:
                if flow.id != node.default and (not flow.condition or token.store.evaluate(flow.condition)):
                    return (flow.id,)
            taken: tuple[str, ...] = ()
        elif complexes.is_one(node):
            taken = complexes.exits(node, token.store, token.role or complexes.START)
            if token.role == complexes.RESET:
                return taken
        elif node.is_activity or node.tag == "inclusiveGateway":
            return self.split(node, token.store)
        else:
            return tuple(flow.id for flow in node.outgoing)
        if not taken and node.default:
            return (node.default,)
        if not taken and node.outgoing:
            raise NoExit(node.id)
        return taken

    def split(self, node: Node, store: Store) -> tuple[str, ...]:
        """All without condition; the default counts as such if no condition holds. Raises NoExit."""
        holding = {
            flow.id
            for flow in node.outgoing
            if flow.condition and flow.id != node.default and store.evaluate(flow.condition)
        }
        taken = tuple(
            flow.id
            for flow in node.outgoing
            if flow.id in holding or (not flow.condition and (flow.id != node.default or not holding))
        )
        if not taken and node.outgoing:
            raise NoExit(node.id)
        return taken

    # What comes from outside.

    def complete(self, activity: str, answers: Mapping[str, Value]) -> None:
        """A user task is done."""
        token = self.waiting(activity, "userTask")
        assert isinstance(token, Token)
        token.phase = LEAVING
        inside = token.local if token.node.outputs else None
        for name, value in answers.items():
            self.write(inside or token.store, name, value)

    def happen(self, activity: str, kind: str, results: Mapping[str, Value]) -> None:
        """A timer is due, a message or signal has come."""
        wait = self.waiting(activity, kind)
        if kind == "timer":
            self.hour = max(self.hour, wait.hour)
        events.happen(self, wait, results)

    def retry(self, activity: str) -> None:
        token = self.called(activity)
        if not isinstance(token, Token) or token.phase != PARKED:
            raise Unlawful("it is not parked")
        token.phase = token.parked_from

    def waiting(self, activity: str, kind: str) -> Token | Armed:
        found = self.called(activity)
        if isinstance(found, Token) and (
            found.phase != WAITING or kind not in (found.node.tag, found.node.trigger.kind)
        ):
            raise Unlawful(f"{found.label}: it does not wait for that")
        return found

    def waits(self) -> Iterator[tuple[str, str]]:
        """All that waits for the world: element and what for."""
        for token in self.tokens():
            if token.phase == WAITING and token.role != "body":
                if token.node.tag == "userTask":
                    yield token.node.id, "user"
                elif token.node.tag != "callActivity" and token.node.trigger.kind in WAITS:
                    yield token.node.id, token.node.trigger.kind
        for armed in self.all_armed():
            if armed.kind in WAITS:
                yield armed.node.id, armed.kind
