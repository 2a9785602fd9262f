"""`python3 run.py soak NAME`: chance for as long as there is time, a table, and the same as JSON beside the benches'.

Exit status 1 if anything went wrong. Every module of this folder that registers a soak is found by itself."""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import tests.soak as here
from tests.benchmarks.__main__ import machine
from tests.benchmarks.measuring import ROOT
from tests.soak.soaking import SOAKS, Options, Round, Soak


def load() -> dict[str, Soak]:
    """All soaks, by name."""
    for module in pkgutil.iter_modules(here.__path__):
        if module.name != "__main__":
            importlib.import_module(f"{here.__name__}.{module.name}")
    return dict(sorted(SOAKS.items()))


def parser(known: dict[str, Soak]) -> argparse.ArgumentParser:
    asked = argparse.ArgumentParser(prog="run.py soak", description=(__doc__ or "").split("\n\n")[0])
    words = asked.add_subparsers(dest="name", required=True, metavar="NAME")
    for name, each in known.items():
        usual, unit = each.count
        word = words.add_parser(name, help=each.title, description=f"{each.title[0].upper()}{each.title[1:]}.")
        word.add_argument("seconds", nargs="?", type=float, default=600.0, help="how long (600)")
        word.add_argument("--seed", type=int, default=int(time.time()), help="of what is random (the time)")
        word.add_argument("--count", type=int, default=usual, help=f"{unit} ({usual})")
        word.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite", help="(sqlite)")
        word.add_argument("--json", type=Path, help="where to keep the table (default: var/bench/soak-NAME-TIME.json)")
    return asked


def shown(found: Round) -> str:
    told = (f"{value:,.0f} {what}" if value >= 10 or value == int(value) else f"{value:.1f} {what}"
            for what, value in found.figures.items())  # fmt: skip
    return f"{found.what:16} {', '.join(told):80} {'WRONG' if found.wrong else 'as it should be'}"


def main(arguments: list[str]) -> int:
    known = load()
    given = parser(known).parse_args(arguments)
    options, about = Options(given.seconds, given.seed, given.count, given.database), machine()
    print(", ".join(f"{name} {value}" for name, value in about.items()))
    print(f"\n{given.name}: {known[given.name].title}", flush=True)
    rounds: list[dict[str, Any]] = []
    wrong = 0
    for found in known[given.name].run(options):
        print(shown(found), flush=True)
        print("".join(f"    {line}\n" for line in found.wrong), end="", flush=True)
        rounds.append(asdict(found))
        wrong += bool(found.wrong)
    at = time.strftime("%Y-%m-%dT%H-%M-%SZ", time.gmtime())
    kept = given.json or ROOT / "var" / "bench" / f"soak-{given.name}-{at}.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    whole = {"at": at, "soak": given.name, "options": asdict(options), "machine": about, "rounds": rounds}
    kept.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"\n{len(rounds) - wrong} of {len(rounds)} as they should be; kept in {kept}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
