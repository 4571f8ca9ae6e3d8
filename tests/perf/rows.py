"""The table: what is measured, what it may be at most, and what KServe 0.20 needs for the same."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. Without a `limit` the figure is for information."""

    key: str
    what: str
    unit: str = ""
    limit: float | None = None
    kserve: str = ""

    def met(self, value: float) -> bool | None:
        """Whether a measured value is within the budget; None where there is none."""
        return None if self.limit is None else value <= self.limit


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured for the row called `row`; `note` says how it spread, or of what it is made."""

    row: str
    value: float
    note: str = ""


SIZES: Final = (100, 200, 1000, 10000)
"""Numbers of ModelServices at which growth is looked at, as far as the size of the run reaches."""


def _per_size(key: str, what: str, unit: str, limits: dict[int, float], kserve: dict[int, str]) -> list[Row]:
    return [Row(f"{key}.{size}", f"{what}, {size:,}", unit, limits.get(size), kserve.get(size, "")) for size in SIZES]


ROWS: Final = (
    Row("rest.writes", "writes in a minute of rest", "", 0, "0"),
    Row("restart.writes", "writes per object after a restart", "", 0, "2.1"),
    Row("restart.reads", "requests other than writes after a restart, in all", "", None, "4.2 per object"),
    Row("new.writes", "writes for a new ModelService without pods: 3 children, status", "", 5, "10"),
    Row("new.statuses", "writes of the status of a new ModelService without pods, at most", "", 2, ""),
    Row("new.reads", "reads for a new ModelService", "", 0, "12"),
    Row(
        "new.scaled", "writes for a new one with scaling, without status: 5 children, the number of replicas", "", 6, ""
    ),
    Row(
        "unschedulable.writes",
        "writes in a minute with 200 whose pods no node can take",
        "",
        0,
        "its LLM controller: 31 per object",
    ),
    Row("crashing.writes", "writes in a minute with 200 whose pods crash without end", "", 0, ""),
    Row("throughput.200", "200 applied at once, as a ratio to plain applies", "", 1.1, "1.33"),
    Row("throughput.1000", "1,000 applied at once, as a ratio to plain applies", "", 1.1, ""),
    Row("throughput.pods", "200 with a pod each applied at once, as a ratio", "", None, ""),
    *_per_size(
        "latency.median", "one more applied: its Deployment exists after, median", "ms", {1000: 40}, {200: "40"}
    ),
    *_per_size("latency.p99", "one more applied, p99", "ms", {1000: 100}, {200: "44 (max)"}),
    *_per_size("latency.ratio", "one more applied, median as a ratio to one plain apply", "", {1000: 3}, {}),
    Row("failure.p99", "a pod's failure until the status says why, p99 of 200", "s", 1, ""),
    Row("failure.event.p99", "a cause that stands in an Event alone until the status says it, p99 of 200", "s", 1, ""),
    Row("rollout.10", "status writes in a rollout of 10 pods", "", None, ""),
    Row("rollout.100", "status writes in a rollout of 100 pods", "", None, ""),
    Row("memory.start", "resident memory at start", "MiB", 75, "73"),
    *_per_size("memory", "resident memory without pods", "MiB", {200: 85, 1000: 110}, {200: "93", 1000: "147"}),
    Row("pods.memory.1000", "resident memory with 2 pods each, 1,000", "MiB", 120, ""),
    Row("pods.memory.10000", "resident memory with 2 pods each, 10,000", "MiB", 300, ""),
    Row("failover.clean", "failover, clean stop", "s", 3, ""),
    Row("failover.killed", "failover, killed", "s", 20, ""),
    Row("crd.size", "CRD, YAML as shipped", "kB", 100, "1,960"),
    Row("rbac.grants", "RBAC grants, default install", "", 55, "226"),
    *_per_size("reconcile.cpu", "CPU of one reconcile without change", "µs", dict.fromkeys(SIZES, 100.0), {}),
    *_per_size("event.cpu", "CPU of one watch event with the reconcile that it causes", "µs", {}, {}),
    *_per_size("startup", "start until caught up, without pods", "s", {}, {}),
    Row("pods.startup.1000", "start until caught up, 2 pods each, 1,000", "s", None, ""),
    Row("pods.startup.10000", "start until caught up, 2 pods each, 10,000", "s", None, ""),
)
