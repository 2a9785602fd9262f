"""`python3 run.py bench [NAME …]`: measure, print a table, keep it as JSON.

Exit status 1 if a ratio is above what is allowed of it. Every module of this folder that
registers a bench is found by itself."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import platform
import sqlite3
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import tests.benchmarks as here
from tests.benchmarks.measuring import BENCHES, ROOT, Bench, Figure, Run

WIDTH = 58


def load() -> dict[str, Bench]:
    """All benches, by name."""
    for module in pkgutil.iter_modules(here.__path__):
        if module.name != "__main__":
            importlib.import_module(f"{here.__name__}.{module.name}")
    return dict(sorted(BENCHES.items()))


def shown(figure: Figure) -> str:
    cells = [f"{figure.what[:WIDTH]:{WIDTH}}"]
    for value in (figure.ours, figure.floor, figure.engine):
        cells.append(f"{value:>10.3f}" if value is not None else f"{'':10}")
    cells.append(f"{figure.times:>6.2f}" if figure.times is not None else " " * 6)
    cells.append(f"≤ {figure.most:<5g}" if figure.most is not None else " " * 7)
    said = [figure.unit, figure.against if figure.against != "floor" else "", figure.note]
    verdict = "" if figure.holds else "  TOO MUCH"
    return " ".join(cells) + " " + ", ".join(filter(None, said)) + verdict


def machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "system": platform.platform(terse=True),
    }


def main(arguments: list[str]) -> int:
    known = load()
    asked = argparse.ArgumentParser(prog="run.py bench", description=(__doc__ or "").split("\n\n")[0])
    asked.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    asked.add_argument("--json", type=Path, help="where to keep the table (default: var/bench/TIME.json)")
    asked.add_argument("--quick", action="store_true", help="as small as shows that a bench works")
    options = asked.parse_args(arguments)
    unknown = sorted(set(options.names) - known.keys())
    if unknown:
        asked.error(f"no bench {', '.join(unknown)}; there are {', '.join(known)}")
    run, about = Run(quick=options.quick), machine()
    print(", ".join(f"{name} {value}" for name, value in about.items()))
    found: dict[str, list[dict[str, Any]]] = {}
    judged = missed = 0
    for name in options.names or known:
        print(f"\n{name}: {known[name].title}")
        print(f"{'':{WIDTH}} {'ours':>10} {'floor':>10} {'engine':>10} {'ratio':>6}", flush=True)
        for figure in known[name].measure(run):
            print(shown(figure), flush=True)
            found.setdefault(name, []).append(
                {**asdict(figure), "ratio": figure.times, "holds": figure.holds}
            )
            judged += figure.most is not None
            missed += not figure.holds
    at = time.strftime("%Y-%m-%dT%H-%M-%SZ", time.gmtime())
    kept = options.json or ROOT / "var" / "bench" / f"{at}.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    whole = {"at": at, "quick": run.quick, "machine": about, "benches": found}
    kept.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"\n{judged - missed} of {judged} ratios hold; kept in {kept}")
    return 1 if missed and not run.quick else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
