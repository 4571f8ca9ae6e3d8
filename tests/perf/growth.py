"""One control plane that fills up: what more ModelServices without pods cost, from 100 to as many as the run has."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from cluster.harness.audit import Request
from cluster.harness.operator import USER, Operator
from perf import usage
from perf.load import Connection, path_of
from perf.reconcile import cpu_microseconds
from perf.rows import SIZES, Figure
from perf.services import NAMESPACE, service, services
from perf.stage import Stage, stage
from perf.statistics import median, p99

SAMPLES: Final = 100
"""ModelServices that are applied one by one to look at latency, and plain applies to compare with."""
PAUSE: Final = 0.05
"""Seconds between two of them."""
EVENTS: Final = 1000
SCALED: Final = 20
SCALING: Final = {"minReplicas": 1, "maxReplicas": 3, "targets": [{"type": "CPUUtilization", "value": "80"}]}


def measure(size: int, rest_seconds: int = 60) -> Iterator[Figure]:
    """Figures at every size up to `size`, or at `size` where it is smaller; rest and requests only once."""
    with stage() as here:
        operator = here.operator()
        time.sleep(5)
        yield Figure("memory.start", usage.resident(operator.pid))
        there = 0
        for aim in [aim for aim in SIZES if aim <= size] or [size]:
            mark = here.audit.mark()
            here.load.apply(services(there, aim))
            here.wait_for(aim - there, "services", mark)
            here.settle()
            if there == 0:
                yield from _requests(here, mark, aim)
            there = aim
            yield from _at(here, operator, aim)
        mark = here.audit.mark()
        time.sleep(rest_seconds)
        yield Figure("rest.writes", len(here.writes(mark)) * 60 / rest_seconds, f"with {there:,} ModelServices")


def _at(here: Stage, operator: Operator, size: int) -> Iterator[Figure]:
    """Everything about a cluster of this size."""
    usage.rest(operator.pid)
    grown = usage.resident(operator.pid)
    yield from _start(here, operator, size)
    here.settle()
    usage.rest(operator.pid)
    restarted = usage.resident(operator.pid)
    peak = usage.peak(operator.pid)
    note = f"after creating them {grown:.0f}, after a restart {restarted:.0f}, peak of a start {peak:.0f}"
    yield Figure(f"memory.{size}", max(grown, restarted), note)
    yield Figure(f"event.cpu.{size}", _event_microseconds(here, operator, size))
    yield Figure(f"reconcile.cpu.{size}", cpu_microseconds(here.cluster))
    yield from _latency(here, size)


def _start(here: Stage, operator: Operator, size: int) -> Iterator[Figure]:
    """A restart. The last of what it reads is a ModelService that was applied meanwhile."""
    operator.process.stop()
    last = service(f"zz-applied-meanwhile-{size}")
    here.load.apply([last])
    mark = here.audit.mark()
    started = time.time()
    operator.process.start()
    created = here.wait_for(1, "services", mark)[0]
    yield Figure(f"startup.{size}", created.answered.timestamp() - started)
    here.settle()
    requests = here.audit.requests(user=USER, since=mark, excluding=("leases", "events"))
    ours = [request for request in requests if not request.name.startswith(last["metadata"]["name"])]
    writes = [request for request in ours if request.written]
    yield Figure("restart.writes", len(writes) / size, f"with {size:,} ModelServices")
    reads = Counter(request.verb for request in ours if not request.written)
    note = ", ".join(f"{count} {verb}" for verb, count in sorted(reads.items()))
    yield Figure("restart.reads", reads.total(), f"{note}; with {size:,} ModelServices")
    here.cluster.kubectl("delete", "modelservice", "-n", NAMESPACE, last["metadata"]["name"])


def _requests(here: Stage, mark: int, count: int) -> Iterator[Figure]:
    """What the first ModelServices needed, and some with scaling."""
    writes = here.writes(mark)
    yield Figure("new.writes", *_writes(writes, count))
    statuses = Counter(request.name for request in writes if request.subresource == "status")
    yield Figure("new.statuses", max(statuses.values()))
    everything = here.audit.requests(user=USER, since=mark, namespace=NAMESPACE, excluding=("events",))
    reads = [request for request in everything if request.verb in {"get", "list"}]
    yield Figure("new.reads", len(reads) / count)
    mark = here.audit.mark()
    scaled = [service(f"scaled-{number}", scaling=SCALING) for number in range(SCALED)]
    here.load.apply(scaled)
    here.wait_for(SCALED, "horizontalpodautoscalers", mark)
    here.settle()
    # A service with scaling has pods, so its status goes on changing.
    children = [request for request in here.writes(mark) if request.subresource != "status"]
    yield Figure("new.scaled", *_writes(children, SCALED))
    names = [manifest["metadata"]["name"] for manifest in scaled]
    here.cluster.kubectl("delete", "modelservice", "-n", NAMESPACE, *names)
    here.settle()


def _writes(writes: list[Request], count: int) -> tuple[float, str]:
    """Writes per ModelService, and by kind."""
    kinds = Counter("/".join(filter(None, (request.resource, request.subresource))) for request in writes)
    return len(writes) / count, ", ".join(f"{number / count:g} {kind}" for kind, number in sorted(kinds.items()))


def _event_microseconds(here: Stage, operator: Operator, size: int) -> float:
    """CPU time of the process for each of many changes of ModelServices, spread evenly over them."""
    before = usage.cpu_seconds(operator.pid)

    async def touch(connection: Connection, number: int) -> None:
        path = path_of(service(f"ms-{number % size:05}"))
        await connection.merge(path, {"metadata": {"annotations": {"touched": str(number)}}})

    here.load.each(range(EVENTS), touch)
    usage.rest(operator.pid)
    return (usage.cpu_seconds(operator.pid) - before) / EVENTS * 1e6


def _latency(here: Stage, size: int) -> Iterator[Figure]:
    """From the sending of an apply to the end of the request that made the Deployment, in turn with plain applies."""
    mark = here.audit.mark()
    sent: dict[str, float] = {}
    plains: list[float] = []

    async def sample(connection: Connection, number: int) -> None:
        name = f"more-{size}-{number}"
        sent[name] = time.time()
        await connection.apply(service(name))
        await asyncio.sleep(PAUSE)
        started = time.time()
        await connection.apply(_plain(f"plain-{number}"))
        plains.append(1000 * (time.time() - started))
        await asyncio.sleep(PAUSE)

    here.load.each(range(SAMPLES), sample, concurrency=1)
    made = here.wait_for(SAMPLES, "deployments", mark)
    times = [1000 * (request.answered.timestamp() - sent[request.name]) for request in made]
    base = median(plains)
    yield Figure(f"latency.median.{size}", median(times))
    yield Figure(f"latency.p99.{size}", p99(times), f"max {max(times):.0f} of {SAMPLES}")
    yield Figure(f"latency.ratio.{size}", median(times) / base, f"a plain apply of a Deployment takes {base:.1f} ms")
    here.cluster.kubectl("delete", "deployment", "-n", NAMESPACE, *(f"plain-{number}" for number in range(SAMPLES)))
    here.cluster.kubectl("delete", "modelservice", "-n", NAMESPACE, *sent)
    here.settle()


def _plain(name: str) -> dict[str, Any]:
    labels = {"plain": name}
    container = {"name": "server", "image": "server"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }
