"""Some ModelServices, what a user does to them while something fails, and what must have come of it."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from cluster.harness.audit import Audit, Request
from cluster.harness.convergence import unconverged
from cluster.harness.lengths import FAULT_SECONDS
from cluster.harness.operator import USER, Operator
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import Kubectl, LocalCluster

STATUS_WRITES: Final = 4
"""Of one ModelService in one round, at most: its spec changed, or a child went and came. Faulty or not."""
WATCH_FAILED: Final = "The watch layer failed"
RECOVERY: Final = 300.0
"""Seconds within which all is well again: after minutes without etcd the API server takes up to two until it asks it
again, and so do then the operator, the scheduler and the controllers."""


class Write(NamedTuple):
    """An accepted write of the operator's; a revision is called by the name of its ModelService."""

    verb: str
    resource: str
    name: str


class Scene:
    """A namespace with four ModelServices: one serves, three are changed, bereft or replaced in each round."""

    def __init__(self, cluster: LocalCluster, operator: Operator, kubectl: Kubectl) -> None:
        self.operator = operator
        self.restarts = 0
        """How often the operator ended and was started again, as a kubelet does."""
        self._cluster = cluster
        self._kubectl = kubectl
        self._audit = Audit(cluster)
        self._round = 0
        self._watch_failures = 0
        self._mark = 0
        self._serving = Service(kubectl, "serving").apply()
        self._changed = Service(kubectl, "changed", replicas=0).apply()
        self._bereft = Service(kubectl, "bereft", replicas=0).apply()
        Service(kubectl, "new-0", replicas=0).apply()
        self._serving.ready()
        self._pods = self._serving.pods()
        self.settle()

    @contextmanager
    def without_operator(self) -> Iterator[None]:
        """The usual operator rests, and the test may put another in its place."""
        usual = self.operator
        usual.process.stop()
        try:
            yield
        finally:
            if self.operator is not usual:
                self.operator.process.stop()
            self.operator = usual

    def begin(self) -> None:
        """The operator works, without what a fault or a failed test has left; from now on writes count."""
        self.operator.process.resume()
        if self.operator.log.count(WATCH_FAILED) > self._watch_failures:
            self.operator.process.stop()
        self.operator.ensure_working()
        self._watch_failures = self.operator.log.count(WATCH_FAILED)
        self.restarts = 0
        self._mark = self._audit.mark()

    def change(self) -> list[Write]:
        """A ModelService is created, one deleted, one changed, one loses a child. Which writes that asks for."""
        old, self._round = f"new-{self._round}", self._round + 1
        new = Service(self._kubectl, f"new-{self._round}", replicas=0)
        self._changed.spec["endpoint"] = {"port": 8000 + self._round}
        self._kubectl("apply", "--server-side", "-f", "-", given=[new.manifest, self._changed.manifest])
        self._kubectl("delete", f"modelservice/{old}", f"service/{self._bereft.name}", "--wait=false")
        return [
            Write("create", "controllerrevisions", new.name),
            Write("patch", "deployments", new.name),
            Write("patch", "services", new.name),
            Write("patch", "services", self._changed.name),
            Write("patch", "services", self._bereft.name),
        ]

    def endure(self) -> None:
        """Let what fails go on for `FAULT_SECONDS`; the operator must live through it."""
        started = time.monotonic()
        while (lasted := time.monotonic() - started) < FAULT_SECONDS:
            assert self.operator.process.pid is not None, f"the operator ended after {lasted:.0f} s"
            time.sleep(min(1.0, FAULT_SECONDS - lasted))

    def settle(self) -> None:
        """Wait until everything is as a fresh plan wants it, and the pods are those of the beginning."""

        def settled() -> bool:
            if self.operator.process.pid is None:
                self.restarts += 1
                self.operator.process.start()
            complaints = unconverged(self._cluster.kubeconfig, self._kubectl.namespace)
            assert not complaints, complaints
            return True

        eventually(settled, timeout=RECOVERY, why="every ModelService has converged")
        assert self._serving.pods() == self._pods, "the model that serves was touched"

    def check(self, expected: list[Write], *, repeated: int = 0, status_writes: int = STATUS_WRITES) -> None:
        """The operator wrote what was asked for, and no more, and did not end.

        Of writes whose answers were lost, `repeated` may have come twice. Statuses are written a few times at most.
        """
        assert self.restarts == 0, "the operator ended"
        requests = self._audit.writes(user=USER, since=self._mark, namespace=self._kubectl.namespace)
        writes = Counter(_write(request) for request in requests if request.resource not in {"modelservices", "events"})
        assert sorted(writes) == sorted(set(expected)), sorted(writes.elements())
        assert writes.total() <= len(expected) + repeated, sorted(writes.elements())
        statuses = Counter(request.name for request in requests if request.resource == "modelservices")
        assert max(statuses.values(), default=0) <= status_writes, statuses


def _write(request: Request) -> Write:
    name = request.name
    if request.resource == "controllerrevisions":
        name = name.rpartition("-")[0]
    return Write(request.verb, request.resource, name)
