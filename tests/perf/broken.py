"""Many services that do not come up: what the operator writes about them, minute by minute."""

import time
from collections.abc import Iterator
from typing import Any, Final

from cluster.harness.wait import eventually
from perf.rows import Figure
from perf.services import NAMESPACE, roomy_nodes, services
from perf.stage import LONG, Stage, stage

COUNT: Final = 200
MINUTE: Final = 60
CRASH: Final = {"env": [{"name": "SIMULATE_FAILURE", "value": "crash"}]}


def measure(size: int) -> Iterator[Figure]:
    """Both kinds, one after the other, on a control plane of their own."""
    yield from _minute("unschedulable.writes", "InsufficientAccelerators", accelerator={"count": 120}, replicas=1)
    yield from _minute("crashing.writes", "CrashLooping", runtime=CRASH, replicas=1)


def _minute(row: str, reason: str, **spec: Any) -> Iterator[Figure]:
    with stage(roomy_nodes(COUNT)) as here:
        here.operator()
        here.load.apply(services(0, COUNT, **spec))
        eventually(lambda: _explained(here, reason), timeout=LONG, interval=2)
        here.settle()
        mark = here.audit.mark()
        time.sleep(MINUTE)
        others = {request.user for request in here.audit.writes(since=mark, namespace=NAMESPACE)}
        yield Figure(row, len(here.writes(mark)), f"{len(others)} others wrote there meanwhile")


def _explained(here: Stage, reason: str) -> bool:
    """The status of every service gives this reason."""
    path = "jsonpath={.items[*].status.conditions[0].reason}"
    found = here.cluster.kubectl("get", "modelservices", "-n", NAMESPACE, "-o", path).split()
    return found.count(reason) == COUNT
