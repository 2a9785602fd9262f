"""What earlier versions left is brought to this one: it is whole, and its cases are finished."""

from __future__ import annotations

import datetime as dt
import lzma
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime import clock, doctor
from runtime.bootstrap import Runtime, Settings
from runtime.commands import signals
from runtime.identity import SYSTEM
from tests.conftest import START
from tests.office import Office

# They are kept as files of SQLite.
pytestmark = pytest.mark.embedded

GOLDEN = Path(__file__).parents[1] / "store" / "golden"
DUMPS = sorted(GOLDEN.glob("*.sql.xz"))


def findings(office: Office) -> list[str]:
    found = doctor.examine(office.runtime.engine, office.runtime.house)
    return [f"{each.invariant.name}: {each.problem}" for each in found]


@pytest.fixture(params=DUMPS, ids=lambda path: path.name[:4])
def old(request: pytest.FixtureRequest, tmp_path: Path, still_clock: None) -> Iterator[Office]:
    home = tmp_path / "home"
    home.mkdir()
    connection = sqlite3.connect(home / "guicheng.db")
    connection.executescript(lzma.decompress(request.param.read_bytes()).decode())
    connection.close()
    clock.shift(dt.timedelta(minutes=65))
    runtime = Runtime(Settings(home=home))
    runtime.upgrade()
    yield Office(runtime)
    runtime.close()


def test_there_is_one_of_each_released_format() -> None:
    assert [path.name[:4] for path in DUMPS][:2] == ["0001", "0002"]


def test_an_old_installation_is_whole_once_it_is_upgraded(old: Office) -> None:
    assert findings(old) == []


def test_what_an_old_case_waits_for_still_comes(old: Office) -> None:
    (case,) = old.cases_of("waits")
    assert case.status == "running" and case.variables["sum"] == 42 and case.variables["note"] == "备注"
    waits = set(case.state.standing.values())
    spec = old.as_("spec")
    for element in ("ask", "stumble", "each", "within", "late"):
        spec.do(element, case.id)
    assert findings(old) == []
    if "hear" in waits:
        old.runtime.do(signals.throw, SYSTEM, "strike", {}, "")
        old.settle()
    old.message("paid", case.id)
    assert set(case.state.standing.values()) == {"sleep"}
    old.later(hours=24)
    assert case.status == "completed" and old.incidents() == []
    assert findings(old) == []
    assert clock.now() > START
