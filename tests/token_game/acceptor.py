"""Replays what the engine reports in the token game: each happening must be a legal step.

Several orders are legal, so the engine chooses and the game judges. Where a report can mean
several steps (which of two like subprocesses has begun?), all of them are followed until
the rest of the trace decides. Not here: the rules (game.py), running the engine (play.py)."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.token_game import complexes, events, joins
from tests.token_game.diagram import Diagram
from tests.token_game.game import BUILT_IN, Game, NoExit, Unlawful
from tests.token_game.likeness import different
from tests.token_game.state import JOINING, LEAVING, MOVING, PARKED, READY, Token

THROWN_TOLD = {"signal": "SignalThrown", "escalation": "Escalated"}  # what is thrown → how it is told
MOST = 16  # readings that are followed at once
QUIET = ("intermediateCatchEvent", "eventBasedGateway")  # may begin without a word, for a condition
DEEP = 3  # steps in a row that are not reported


class Disagreement(AssertionError):
    """The engine did what the game does not allow, or left undone what it demands."""


class Refused(Unlawful):
    """Whatever was not reported, this cannot be right."""


class Acceptor:
    def __init__(self, diagram: Diagram, variables: Mapping[str, Any]) -> None:
        self.games = [Game(diagram, variables)]
        self.waits: dict[str, tuple[str, str]] = {}  # timers and subscriptions, as told
        self.written: dict[str, dict[str, Any]] = {}  # variables by scope, as told
        self.throws = {node.id: node.trigger for node in diagram.walk() if node.throws in THROWN_TOLD}
        self.said: set[str] = set()  # who has told what it throws and is not yet left

    # What happened.

    def stimulus(self, act: Callable[[Game], None]) -> None:
        self._each(lambda game: act(game), "a stimulus")

    def take(self, happening: Any) -> None:
        """One happening. Raises Disagreement."""
        kind = type(happening).__name__
        if kind == "VariableWritten":
            if happening.scope.endswith("/called") and happening.scope not in self.written:
                self._begins(happening.scope.removesuffix("/called"))
            scope = self.written.setdefault(happening.scope, {})
            if happening.removed:
                scope.pop(happening.name, None)
            else:
                scope[happening.name] = happening.new
            return
        if kind == "WaitEnded":
            if self.waits.pop(happening.activity, None) is None:
                raise Disagreement(f"{happening}: there was no such wait")
            return
        if kind in ("TimerSet", "Subscribed"):
            what = "timer" if kind == "TimerSet" else happening.kind
            self.waits[happening.activity] = (happening.element, what)
        self._throws(kind, happening)
        taker = getattr(self, f"_{kind.lower()}", None)
        if taker is None:
            return
        after: list[Game] = []
        reasons: list[str] = []
        for game in self.games:
            after += self._readings(game, happening, taker, reasons, DEEP)
        if not after:
            raise Disagreement(f"{_told(happening)}\n  " + "\n  ".join(dict.fromkeys(reasons)))
        self.games = different(after)[:MOST] if len(after) > 1 else after

    def _readings(self, game: Game, happening: Any, taker: Any, reasons: list[str], depth: int) -> list[Game]:
        found: list[Game] = []
        try:
            choices = taker(game, happening)
        except Refused as reason:
            reasons.append(str(reason))
            return []
        except (Unlawful, NoExit) as reason:
            reasons.append(str(reason) or type(reason).__name__)
            choices = 0
        for choice in range(1, choices):
            other = copy.deepcopy(game)
            taker(other, happening, choice)
            found.append(other)
        if choices:
            taker(game, happening, 0)
            for read in (game, *found):
                complexes.reset(read)
            return [game, *found]
        if depth:
            # The oldest first, as most engines do: if there are too many readings, these are kept.
            for number in sorted(silent(game, happening)):
                other = copy.deepcopy(game)
                if step(other, number):
                    complexes.reset(other)
                    found += self._readings(other, happening, taker, reasons, depth - 1)
        return found

    def _throws(self, kind: str, told: Any) -> None:
        """Each throw is told once, by an event that throws it, before that is left."""
        trigger = self.throws.get(told.element)
        if kind in THROWN_TOLD.values():
            if trigger is None or THROWN_TOLD[trigger.kind] != kind:
                raise Disagreement(f"{_told(told)}: nothing is thrown there")
            if trigger.name != (told.name if kind == "SignalThrown" else told.code):
                raise Disagreement(f"{_told(told)}: it throws {trigger.name}")
            if told.activity in self.said:
                raise Disagreement(f"{_told(told)}: it has been thrown already")
            self.said.add(told.activity)
        elif kind == "Left" and trigger is not None:
            if told.activity not in self.said:
                raise Disagreement(f"{_told(told)}: it has thrown nothing")
            self.said.remove(told.activity)

    def _begins(self, activity: str) -> None:
        """The first variable of a called process tells which call has begun."""

        def begin(game: Game) -> None:
            token = game.called(activity)
            if isinstance(token, Token) and token.phase == READY:
                game.begin(token)

        self._each(begin, "a call has begun")

    def _each(self, act: Callable[[Game], None], what: str) -> None:
        reasons, after = [], []
        for game in self.games:
            try:
                act(game)
                complexes.reset(game)
                after.append(game)
            except Unlawful as reason:
                reasons.append(str(reason))
        if not after:
            raise Disagreement(f"{what}: " + "; ".join(dict.fromkeys(reasons)))
        self.games = after

    # Each kind of happening. Without `choice`: how many readings there are.

    def _entered(self, game: Game, told: Any, choice: int = -1) -> int:
        tokens: dict[Any, Token] = {}
        for token in sorted(game.tokens(), key=lambda token: token.number):
            if (
                token.phase == MOVING
                and token.node.id == told.element
                and token.kind() == told.kind
                and token.level.net.process == told.process
                and token.expects in ("", told.activity)
            ):
                # Like tokens are told apart by nothing, so the oldest will do.
                tokens.setdefault((id(token.level), id(token.parent), token.flow), token)
        if choice >= 0:
            token = list(tokens.values())[choice]
            token.activity = told.activity
            game.enter(token)
        elif not tokens:
            raise Unlawful("no token is on its way there")
        return len(tokens)

    def _left(self, game: Game, told: Any, choice: int = -1) -> int:
        if choice >= 0:
            self._joined(game, told, choice)
            return 1
        if told.activity in game.thrown and told.activity in game.to_cancel and not told.flows:
            del game.to_cancel[told.activity]
            return 1
        token = game.called(told.activity)
        if not isinstance(token, Token) or token.node.id != told.element:
            raise Unlawful("no such token is there")
        if token.phase == JOINING and complexes.is_one(token.node):
            found = complexes.readings(token, told.flows)
            if not found:
                raise Unlawful(f"{token.label} by {token.flow}: it cannot be used up now")
            return len(found)
        if token.phase == JOINING:
            reason = joins.leave(game, token, told.flows)
            if reason:
                raise Unlawful(reason)
            return 1
        flows = self._leave(game, token)
        if flows != told.flows:
            raise Refused(f"the flows must be {flows}; data: {token.store.values}\n{picture(game)}")
        return 1

    def _joined(self, game: Game, told: Any, choice: int) -> None:
        """If it is a complex gateway's: others have been left already."""
        token = next((token for token in game.tokens() if token.activity == told.activity), None)
        if token is not None and token.phase == JOINING and complexes.is_one(token.node):
            complexes.leave(game, token, told.flows, complexes.readings(token, told.flows)[choice])

    def _leave(self, game: Game, token: Token) -> tuple[str, ...]:
        """Tried on a copy first if it may fail half way."""
        if token.node.outgoing and not all(flow.condition == "" for flow in token.node.outgoing):
            trial = copy.deepcopy(game)
            try:
                trial.leave(trial.called(token.activity))  # type: ignore[arg-type]
            except NoExit:
                raise Unlawful(f"{token.label}: no condition holds and there is no default") from None
        return game.leave(token)

    def _parked(self, game: Game, told: Any, choice: int = -1) -> int:
        token = game.called(told.activity)
        if choice >= 0:
            assert isinstance(token, Token)
            # Without a round, beginning and leaving are one step, which is tried again as a whole.
            whole = token.role == "body" and not token.finished and token.phase == LEAVING
            token.parked_from, token.phase = READY if whole else token.phase, PARKED
            return 1
        if not isinstance(token, Token) or token.phase not in (READY, LEAVING, JOINING):
            raise Unlawful("no token is about to make a step there")
        if events.raises(game, token):
            if events.caught(game, token) is not None:
                raise Unlawful("the error is caught")
            return 1
        trial = copy.deepcopy(game)
        try:
            other = trial.called(told.activity)
            assert isinstance(other, Token)
            if other.phase == JOINING:
                joins.leave(trial, other, ())
            else:
                trial.leave(other)
        except NoExit:
            return 1
        raise Unlawful(f"{token.label}: nothing is wrong with it")

    def _cancelled(self, game: Game, told: Any, choice: int = -1) -> int:
        if choice < 0:
            if game.to_cancel.get(told.activity) != told.element:
                raise Unlawful("nothing has cancelled it")
        else:
            del game.to_cancel[told.activity]
        return 1

    def _taskopened(self, game: Game, told: Any, choice: int = -1) -> int:
        token = game.called(told.activity)
        if not isinstance(token, Token) or token.node.tag != "userTask" or token.phase != READY:
            raise Unlawful("no user task is about to begin there")
        if choice >= 0:
            game.begin(token)
        return 1

    def _timerset(self, game: Game, told: Any, choice: int = -1) -> int:
        for token in game.tokens():
            if token.activity == told.activity and token.phase == READY and token.role != "body":
                if not game.begins(token):
                    break
                if choice >= 0:
                    game.begin(token)
                return 1
        found = [armed for armed in game.all_armed() if armed.node.id == told.element and not armed.activity]
        hosts = {id(armed.host): armed for armed in found}
        if choice >= 0:
            list(hosts.values())[choice].activity = told.activity
        elif not found:
            raise Unlawful("nothing there is about to wait")
        return len(hosts)

    _subscribed = _timerset

    def _ended(self, game: Game, told: Any, choice: int = -1) -> int:
        if game.verdict != told.outcome:
            raise Unlawful(f"the verdict is {game.verdict or 'open'}")
        game.told = True
        return 1

    # The engine has come to rest.

    def rest(
        self, open_waits: Counter[tuple[str, str]], parked: Counter[str], variables: Mapping[str, Any]
    ) -> None:
        """Compare what is left. Raises Disagreement."""
        if self.said:
            raise Disagreement(f"at rest: {len(self.said)} events have thrown and are not left")
        reasons: list[str] = []
        after = []
        for game in self.games:
            reason = self._unrest(game, open_waits, parked, variables)
            if reason:
                reasons.append(f"{reason}\n{picture(game)}")
            else:
                after.append(game)
        if not after:
            raise Disagreement("at rest: " + "\n  or: ".join(dict.fromkeys(reasons)))
        self.games = after

    def _unrest(
        self,
        game: Game,
        open_waits: Counter[tuple[str, str]],
        parked: Counter[str],
        variables: Mapping[str, Any],
    ) -> str:
        for token in list(game.tokens()):
            # An element may have begun without a word, as one that waits for a condition.
            if token.phase == READY and game.begins(token) and token.node.tag in QUIET:
                game.begin(token)
        for token in game.tokens():
            token.due = token.due and token.store.holds(token.node.trigger.condition)
            if token.phase in (MOVING, READY, LEAVING) or token.due:
                return f"a step is left to make: {token.label}"
            judge = complexes if complexes.is_one(token.node) else joins
            if token.phase == JOINING and judge.enabled(token.node, token.level):
                return f"the gateway {token.node.id} can fire"
        for level in game.levels():
            if level.firing:
                return f"gateways have fired by half: {level.firing}"
        for armed in game.all_armed():
            # One that held for a moment may be missed.
            armed.due = armed.due and armed.store.holds(armed.node.trigger.condition)
        due = [armed.node.id for armed in game.all_armed() if armed.due]
        if due:
            return f"conditions hold and nothing was done: {due}"
        if game.to_cancel:
            return f"not reported as cancelled: {sorted(game.to_cancel.values())}"
        if bool(game.verdict) != game.told:
            return f"the case should be over: {game.verdict}"
        waits = Counter(game.waits())
        if waits != open_waits:
            return f"the engine waits for {dict(open_waits)} and should for {dict(waits)}"
        told = Counter(self.waits.values())
        timed = Counter({wait: n for wait, n in waits.items() if wait[1] != "user"})
        if told != timed:
            return f"told of the waits {dict(told)}, which are {dict(timed)}"
        stuck = Counter(token.node.id for token in game.tokens() if token.phase == PARKED)
        if stuck != parked:
            return f"parked are {dict(parked)} and should be {dict(stuck)}"
        if game.root.store.values != variables:
            return f"the data are {dict(variables)} and should be {game.root.store.values}"
        for scope, store in game.stores():
            own = {name: value for name, value in store.values.items() if name not in BUILT_IN}
            told_of = self.written.get(scope, {})
            if own != {name: value for name, value in told_of.items() if name not in BUILT_IN}:
                return f"told of the data {self.written.get(scope, {})} in {scope!r}, which are {own}"
        return ""


def silent(game: Game, happening: Any) -> Iterator[int]:
    """Who could have made a step that is not reported, before this happening."""
    for token in game.tokens():
        if token.due:
            yield token.number
        elif token.phase != READY:
            continue
        elif game.begins(token):
            if events.is_slow(token.node) or happening.element in offers(game, token):
                yield token.number
        elif events.raises(game, token) or token.node.trigger.kind == "terminate":
            yield token.number
    for armed in game.all_armed():
        if armed.due:
            yield armed.number


def offers(game: Game, token: Token) -> set[str]:
    """What can be reported first once the token's node has begun."""
    node = token.node
    found = {boundary.id for boundary in node.boundaries} | {node.id}
    found.update(flow.target.id for flow in node.outgoing)
    net = node.inner or game.diagram.nets.get(node.called)
    if net is not None:
        found |= {net.start.id} | {sub.inner.start.id for sub in net.event_subs if sub.inner is not None}
    return found


def step(game: Game, number: int) -> bool:
    """Make the step that was not reported."""
    for token in game.tokens():
        if token.number == number:
            if token.due:
                events.happen(game, token, {})
            elif game.begins(token):
                game.begin(token)
            elif token.node.trigger.kind == "terminate":
                events.terminate(game, token)
            else:
                return events.throw_error(game, token)
            return True
    for armed in game.all_armed():
        if armed.number == number:
            events.happen(game, armed, {})
            return True
    return False


def picture(game: Game) -> str:
    lines = [f"    {token.label} {token.activity[:8]} in {token.level.net.id}" for token in game.tokens()]
    lines += [f"    {armed.node.id} armed{' and due' if armed.due else ''}" for armed in game.all_armed()]
    return "\n".join(["  the game stands at:", *lines])


def _told(happening: Any) -> str:
    flows = f" by {happening.flows}" if hasattr(happening, "flows") else ""
    return f"{type(happening).__name__} {happening.element} ({happening.activity[:8]}){flows}"
