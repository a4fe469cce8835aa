"""Every measurement, one after the other: `python -m benchmarks [--quick]` (`make bench`, `make bench-quick`).

Each one prints its table and writes it into build/bench/; one that fails is named at the end, and the rest runs.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

MEASUREMENTS = (
    "idle",
    "understanding_time",
    "path",
    "loop",
    "ack",
    "in_flight",
    "fairness",
    "growth",
    "schedules_burst",
    "delegations",
)
"""The longest last, since it installs the others' libraries first."""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a few of each, in about five minutes")
    parser.add_argument("--only", nargs="+", choices=MEASUREMENTS, default=MEASUREMENTS)
    given = parser.parse_args()
    options = ["--quick"] if given.quick else []
    failed = []
    for name in given.only:
        began = time.monotonic()
        print(f"## {name}\n", flush=True)
        ran = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *options], check=False)
        print(f"\n{name} took {time.monotonic() - began:.0f} s\n", flush=True)
        if ran.returncode != 0:
            failed.append(name)
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
