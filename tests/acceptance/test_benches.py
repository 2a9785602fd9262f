"""The benches and soaks still work: each at its smallest size. What benches find says nothing here."""

from __future__ import annotations

import pytest

from tests.benchmarks import tape
from tests.benchmarks.__main__ import load, main
from tests.benchmarks.measuring import BENCHES, Figure, Run
from tests.benchmarks.workplace import workplace
from tests.databases import Databases
from tests.soak import __main__ as soaks
from tests.soak import timers

load()


@pytest.mark.parametrize("name", sorted(BENCHES))
def test_a_bench_measures_something_beside_something(name: str) -> None:
    figures = list(BENCHES[name].measure(Run(quick=True)))
    assert figures
    assert all(figure.ours >= 0 and (figure.floor or figure.most is None) for figure in figures)


def test_what_is_dearer_than_allowed_does_not_hold() -> None:
    assert Figure("x", ours=2, floor=1, most=2).holds
    assert not Figure("x", ours=2.1, floor=1, most=2).holds
    assert not Figure("x", ours=2.1, floor=1, most=2, ratio=2.2).holds
    assert not Figure("x", ours=2.1, most=2).holds
    assert Figure("x", ours=100, floor=1).holds


def test_a_table_is_kept_as_json(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    import json

    assert main(["rule", "--quick", "--json", str(tmp_path / "table.json")]) == 0
    kept = json.loads((tmp_path / "table.json").read_text())
    assert kept["machine"]["cores"] and kept["benches"]["rule"][0]["ratio"] > 0
    assert "a decision" in capsys.readouterr().out


def test_the_floor_leaves_the_database_as_the_commands_did() -> None:
    with workplace() as office:
        saved = tape.snapshot(office.runtime, office.place)
        with tape.recorded(office.runtime) as said:
            office.work()
            office.start()
        with tape.by_hand(saved) as (connection,):
            said.play(connection)
            assert said.statements and said.written
            for table in ("cases", "user_tasks", "user_task_candidates", "events", "decisions"):
                ours = office.runtime.read(
                    lambda tx, _, table=table: tx.connection.exec_driver_sql(f"SELECT * FROM {table}").all(),
                    office.actor,
                )
                rows = connection.execute(f"SELECT * FROM {table}").fetchall()
                assert sorted(map(repr, rows)) == sorted(repr(tuple(row)) for row in ours)


@pytest.mark.parametrize("name", sorted(soaks.load()))
def test_a_soak_can_be_asked_for(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        soaks.main([name, "--help"])
    assert ended.value.code == 0 and "--seed" in capsys.readouterr().out


def test_a_soak_prints_a_table_and_keeps_it_beside_the_benches(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    import json

    kept = tmp_path / "table.json"
    assert soaks.main(["differential", "0", "--seed", "7", "--count", "3", "--json", str(kept)]) == 0
    table = json.loads(kept.read_text())
    assert table["options"]["seed"] == 7 and table["rounds"][0]["figures"]["played"] >= 3
    assert "seed 7" in capsys.readouterr().out


def test_a_soak_that_finds_something_says_what_and_fails(
    tmp_path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]  # type: ignore[no-untyped-def]
) -> None:
    def disagree(count: int, number: int) -> int:
        raise AssertionError("the engine went left")

    monkeypatch.setattr("tests.soak.differential.play", disagree)
    assert soaks.main(["differential", "0", "--json", str(tmp_path / "table.json")]) == 1
    said = capsys.readouterr().out
    assert "the engine went left" in said and "WRONG" in said and "0 of 1" in said


def test_the_smallest_storm_of_a_soak_ends_well(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with Databases(None).empty(tmp_path / "home"):
        storm = timers.storm(tmp_path / "home", 8, 1)
    assert storm.wrong == [] and storm.figures["timers"] == 8
