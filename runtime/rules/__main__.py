"""The child process of evaluate.check_in_child: a rule file comes in, its problems go out as JSON."""

from __future__ import annotations

import sys

from runtime.rules.evaluate import publishable, report

MEMORY = 4 * 2**30  # bytes of address space, most of it reserved by z3 and never touched


def main() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits; the parent's time limit holds there too
        pass
    else:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    text = sys.stdin.buffer.read().decode("utf-8", "surrogatepass")
    sys.stdout.write(report(publishable(text, sys.argv[1] if len(sys.argv) > 1 else "")))


if __name__ == "__main__":
    main()
