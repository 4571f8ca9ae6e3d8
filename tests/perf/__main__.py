"""The benchmarks: `python -m perf`, or `make bench`."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from perf import broken, failover, failure, growth, pods, profile, rollout, shipped, throughput
from perf.rows import SIZES, Figure
from perf.table import Results, line

SCENARIOS: Final[Mapping[str, Callable[[int], Iterator[Figure]]]] = {
    "shipped": shipped.measure,
    "growth": growth.measure,
    "pods": pods.measure,
    "broken": broken.measure,
    "failure": failure.measure,
    "rollout": rollout.measure,
    "failover": failover.measure,
    "throughput": throughput.measure,
    "profile": profile.measure,
}
"""Name -> measures the rows that share a control plane, up to a number of ModelServices."""


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="perf", description=__doc__)
    parser.add_argument("--size", type=int, choices=SIZES, default=200, help="ModelServices, at most")
    parser.add_argument("--only", default="", help=f"some of {', '.join(SCENARIOS)}, separated by commas")
    parser.add_argument("--results", type=Path, default=Path("build/bench.json"), help="where the figures are kept")
    parser.add_argument("--show", action="store_true", help="print the table of what was measured before")
    arguments = parser.parse_args()
    chosen = [name for name in arguments.only.split(",") if name] or list(SCENARIOS)
    unknown = sorted(set(chosen) - set(SCENARIOS))
    if unknown:
        parser.error(f"--only: there is no {', '.join(unknown)}, but {', '.join(SCENARIOS)}")
    results = Results(arguments.results)
    for name in () if arguments.show else chosen:
        _say(f"\n{name}, load {os.getloadavg()[0]:.1f}")
        for figure in SCENARIOS[name](arguments.size):
            results.add(figure)
            _say(f"  {line(figure)}")
    sys.stdout.write(f"\n{results.table()}")


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
