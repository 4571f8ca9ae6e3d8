"""Where a measurement takes place: a fresh control plane with the chart installed, and operators under test."""

import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

from cluster.harness import operator as operators
from cluster.harness.audit import Audit, Request, is_answer, request_of
from cluster.harness.operator import USER, Operator, install, mount
from cluster.harness.wait import eventually
from localcluster import LocalCluster
from localcluster.nodes import fleet
from localcluster.polling import attempts
from perf.load import Load
from perf.services import NAMESPACE

LONG: Final = 3600.0
"""Seconds after which something that ends has not ended."""
WORKS: Final = "looks after the ModelServices"
"""What the operator logs when it leads and its stores are full."""
CALM: Final = 3.0
"""Seconds without a write after which the operator has come to rest: status writes of one object are a second apart."""


class Stage:
    """One control plane."""

    def __init__(self, cluster: LocalCluster) -> None:
        self.cluster = cluster
        self.audit = Audit(cluster)
        self.load = Load(cluster)

    def operator(self, name: str = "operator", *, wait: bool = True, under: Sequence[str] = ()) -> Operator:
        """Start an operator, and wait until it works. Its credentials are those of a pod, but under a profiler."""
        operator = Operator(self.cluster, name, mounted=None if under else self._mounted(name), under=under)
        if wait:
            self._wait_until_working(operator, 0)
        return operator

    def _mounted(self, name: str) -> Path:
        directory = self.cluster.directory / f"{name}-mounted"
        directory.mkdir()
        token = self.cluster.kubectl(
            "create", "token", operators.NAME, "--namespace", operators.NAMESPACE, "--duration=24h"
        )
        mount(self.cluster, directory, token)
        return directory

    def restart(self, operator: Operator) -> None:
        """Stop an operator, start it again, wait until it works."""
        operator.process.stop()
        starts = operator.log.count(WORKS)
        operator.process.start()
        self._wait_until_working(operator, starts)

    def _wait_until_working(self, operator: Operator, before: int) -> None:
        """By its log: to ask for its metrics would give it work."""
        eventually(lambda: operator.log.count(WORKS) > before, timeout=LONG, interval=0.05, why="the operator works")

    def writes(self, since: int, *, by: str = USER) -> list[Request]:
        """Accepted writes of the operator, but for its Lease and its Events."""
        return self.audit.writes(user=by, since=since, excluding=("leases", "events"))

    def settle(self) -> int:
        """Wait until the operator has nothing more to write; a mark from then on."""

        def calm() -> int:
            mark = self.audit.mark()
            time.sleep(CALM)
            return mark if not self.writes(mark) else 0

        return eventually(calm, timeout=LONG)

    def wait_for(self, count: int, resource: str, since: int, *, by: str = USER) -> list[Request]:
        """Wait until a user has made so many objects of a kind; the requests that made them."""
        signs = [f'"resource":"{resource}"'.encode(), f'"username":"{by}"'.encode(), b'"code":201']
        made: list[Request] = []
        with self.cluster.audit_log.open("rb") as log:
            log.seek(since)
            for _ in attempts(LONG, interval=0.1):
                made.extend(request_of(event) for event in _events(log, signs))
                if len(made) >= count:
                    return made
        raise AssertionError(f"{len(made)} of {count} {resource} after {LONG:g} s")


def _events(log: BinaryIO, signs: list[bytes]) -> Iterator[dict[str, Any]]:
    """The events that were added to a log, of those whose lines have all the signs."""
    while (line := log.readline()).endswith(b"\n"):
        if all(sign in line for sign in signs):
            event = json.loads(line)
            if is_answer(event):
                yield event
    log.seek(-len(line), os.SEEK_CUR)


@contextmanager
def stage(
    nodes: Sequence[dict[str, Any]] | None = None, *, controller_manager_flags: Sequence[str] = ()
) -> Iterator[Stage]:
    """A stage for the length of the context."""
    nodes = nodes if nodes is not None else fleet()
    with LocalCluster(nodes=nodes, controller_manager_flags=controller_manager_flags) as cluster:
        install(cluster)
        cluster.kubectl("create", "namespace", NAMESPACE)
        cluster.kubectl("wait", "--for=create", "serviceaccount/default", "-n", NAMESPACE, "--timeout=60s")
        yield Stage(cluster)
