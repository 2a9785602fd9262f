"""Whether two readings of what the engine told have come to the same.

What is not reported can have happened in several orders; each is followed until something
tells which it was. Those that are alike by then are one, or their number would explode."""

from __future__ import annotations

from collections.abc import Iterable

from tests.token_game.game import Game
from tests.token_game.state import Armed, Level, Record, Token, Value


def different(games: Iterable[Game]) -> list[Game]:
    """Of those that are alike the first."""
    found: dict[object, Game] = {}
    for game in games:
        found.setdefault(_game(game), game)
    return list(found.values())


def _game(game: Game) -> tuple[object, ...]:
    ended = (_sorted(game.to_cancel.items()), _sorted(game.thrown), game.verdict, game.hour, game.told)
    return (*ended, _level(game.root))


def _level(level: Level) -> tuple[object, ...]:
    waiting = sorted(level.tokens, key=lambda token: (token.node.id, token.came))
    return (
        (level.net.id, level.done, level.interrupted, level.outcome),
        tuple((token.node.id, token.flow, token.activity) for token in waiting),
        _sorted(_token(token) for token in level.tokens),
        _sorted(_armed(armed) for armed in level.armed),
        _sorted(
            (f.node.id, _sorted(f.needed), f.given, f.phase, _sorted(f.taken)) for f in level.firing
        ),
        _sorted((gateway, _sorted(flows)) for gateway, flows in level.resets.items()),
        tuple(_record(record) for record in level.records),
        _values(level.store.values),
    )


def _token(token: Token) -> tuple[object, ...]:
    return (
        (token.node.id, token.role, token.phase, token.flow, token.activity, token.expects, token.happened),
        (token.due, token.index, tuple(token.each), token.hour, token.total, token.finished),
        (token.parked_from, _values(token.results), _values(token.local.values) if token.local else None),
        (token.winner.activity if token.winner else None, tuple(_record(record) for _, record in token.plan)),
        (token.undoes.activity if token.undoes else None, token.undoing.activity if token.undoing else None),
        _sorted(_armed(armed) for armed in token.armed),
        _sorted(_token(item) for item in token.items),
        _level(token.inner) if token.inner is not None else None,
    )


def _armed(armed: Armed) -> tuple[object, ...]:
    return (armed.node.id, armed.activity, armed.due, armed.hour, armed.left)


def _record(record: Record) -> tuple[object, ...]:
    return (record.node.id, _values(record.values), tuple(_record(inner) for inner in record.inner))


def _values(values: dict[str, Value]) -> str:
    return repr(sorted(values.items()))


def _sorted(parts: Iterable[object]) -> tuple[str, ...]:
    # By their text: what is compared is of many kinds.
    return tuple(sorted(map(repr, parts)))
