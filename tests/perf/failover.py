"""A standby takes over: how long until it has made the Deployment of a ModelService that was applied meanwhile."""

import time
from collections.abc import Callable, Iterator
from typing import Final

from cluster.harness.operator import Operator
from cluster.harness.wait import eventually
from perf.rows import Figure
from perf.services import service, services
from perf.stage import LONG, Stage, stage

CLEAN: Final = 5
KILLED: Final = 3
"""How often each is done."""


def measure(size: int) -> Iterator[Figure]:
    """The slowest of several takeovers, over a few services."""
    with stage() as here:
        leader = here.operator("one")
        here.load.apply(services(0, min(size, 200)))
        here.settle()
        standby = here.operator("two", wait=False)
        takeovers = Takeovers(here, leader, standby)
        clean = [takeovers.seconds(lambda operator: operator.process.stop()) for _ in range(CLEAN)]
        yield Figure("failover.clean", max(clean), f"the slowest of {CLEAN}, {min(clean):.1f} the fastest")
        killed = [takeovers.seconds(lambda operator: operator.process.kill()) for _ in range(KILLED)]
        yield Figure("failover.killed", max(killed), f"the slowest of {KILLED}, {min(killed):.1f} the fastest")


class Takeovers:
    """Two operators that take turns."""

    def __init__(self, here: Stage, leader: Operator, standby: Operator) -> None:
        self._here = here
        self._leader, self._standby = leader, standby
        self._count = 0

    def seconds(self, end: Callable[[Operator], None]) -> float:
        """End the leader; from the signal until the other one made a Deployment. The leader then stands by."""
        eventually(lambda: self._standby.ready, timeout=LONG, why="the standby is warm")
        self._count += 1
        mark = self._here.audit.mark()
        started = time.time()
        end(self._leader)
        self._here.load.apply([service(f"taken-over-{self._count}")])
        made = self._here.wait_for(1, "deployments", mark)[0]
        self._leader.process.start()
        self._leader, self._standby = self._standby, self._leader
        return made.answered.timestamp() - started
