"""Many services that do not come up: what the operator writes about them, minute by minute."""

import time
from collections.abc import Iterator
from typing import Final

from cluster.harness.wait import eventually
from perf.rows import Figure
from perf.services import NAMESPACE, roomy_nodes, services
from perf.stage import LONG, Stage, stage

CRASH: Final = {"env": [{"name": "SIMULATE_FAILURE", "value": "crash"}]}


def measure(size: int, count: int = 200, seconds: int = 60) -> Iterator[Figure]:
    """`count` of each kind on one control plane, looked at for so many seconds."""
    with stage(roomy_nodes(count)) as here:
        here.operator()
        here.load.apply(services(0, count, "waits", accelerator={"count": 120}, replicas=1))
        here.load.apply(services(0, count, "crashes", runtime=CRASH, replicas=1))
        eventually(
            lambda: _explained(here, "InsufficientAccelerators") == _explained(here, "CrashLooping") == count,
            timeout=LONG,
            interval=2,
        )
        here.settle()
        mark = here.audit.mark()
        time.sleep(seconds)
        ours = here.writes(mark)
        kubelets = [write for write in here.audit.writes(user="kwok", since=mark) if write.resource == "pods"]
    waiting = [write for write in ours if write.name.startswith("waits")]
    note = f"the kubelets wrote {len(kubelets)} times meanwhile"
    yield Figure("unschedulable.writes", len(waiting) * 60 / seconds)
    yield Figure("crashing.writes", (len(ours) - len(waiting)) * 60 / seconds, note)


def _explained(here: Stage, reason: str) -> int:
    """How many services have a status that gives this reason."""
    path = "jsonpath={.items[*].status.conditions[0].reason}"
    return here.cluster.kubectl("get", "modelservices", "-n", NAMESPACE, "-o", path).split().count(reason)
