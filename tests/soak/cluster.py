"""Three web processes, three workers and their PostgreSQL, killed at random: tests/cluster, for long."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

from tests.benchmarks.measuring import ROOT
from tests.soak.soaking import Options, Round, soak


@soak("cluster", "a cluster on PostgreSQL, its processes killed at random", (1, "time over"))
def cluster(options: Options) -> Iterator[Round]:
    for number in range(options.count):
        began, seed = time.monotonic(), options.seed + number
        told = {"GUICHENG_CLUSTER": str(options.seconds), "GUICHENG_SEED": str(seed)}
        test = [sys.executable, "-m", "pytest", "tests/cluster", "-s", "-q"]
        status = subprocess.run(test, cwd=ROOT, env={**os.environ, **told}, check=False).returncode
        wrong = [f"pytest ended with {status}; what it said is above"] if status else []
        yield Round(f"seed {seed}", {"seconds": time.monotonic() - began}, wrong)
