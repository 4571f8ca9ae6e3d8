"""From a pod's failure to the status that says why, over many services."""

import asyncio
from collections.abc import Iterator
from typing import Any, Final

from cluster.harness.wait import eventually
from perf.load import Connection
from perf.rows import Figure
from perf.services import NAMESPACE, roomy_nodes, services
from perf.stage import LONG, Stage, stage
from perf.statistics import median, p99

COUNT: Final = 200
PAUSE: Final = 0.1
"""Seconds between two failures: each is looked at for itself."""


def measure(size: int) -> Iterator[Figure]:
    """200 services with a pod each, which fail one after the other.

    The failure is written by hand while the simulated kubelets stand still, as one that goes on would write on.
    """
    with stage(roomy_nodes(COUNT)) as here:
        here.operator()
        here.load.apply(services(0, COUNT, replicas=1))
        eventually(lambda: _ready(here) == COUNT, timeout=LONG, interval=2)
        here.settle()
        pods = here.cluster.kubectl.json("get", "pods", "-n", NAMESPACE)["items"]
        here.cluster.kwok.pause()
        mark = here.audit.mark()
        here.load.each(pods, _fail, concurrency=1)
        here.settle()
        times = list(_times(here, mark, pods))
        here.cluster.kwok.resume()
    yield Figure("failure.p99", p99(times), f"median {median(times):.2f} s, max {max(times):.2f} s of {len(times)}")


def _ready(here: Stage) -> int:
    path = "jsonpath={.items[*].status.ready}"
    return here.cluster.kubectl("get", "modelservices", "-n", NAMESPACE, "-o", path).split().count("1/1")


async def _fail(connection: Connection, pod: dict[str, Any]) -> None:
    """The server exited and the kubelet backs off."""
    status = pod["status"]["containerStatuses"][0]
    ended = {"exitCode": 1, "reason": "Error", "message": "CUDA error", "finishedAt": "2026-01-01T00:00:00Z"}
    failed = {
        "name": status["name"],
        "image": status["image"],
        "imageID": status["imageID"],
        "ready": False,
        "restartCount": 3,
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed container"}},
        "lastState": {"terminated": ended},
    }
    conditions = [
        {**condition, "status": "False"} if condition["type"] in {"Ready", "ContainersReady"} else condition
        for condition in pod["status"]["conditions"]
    ]
    path = f"/api/v1/namespaces/{NAMESPACE}/pods/{pod['metadata']['name']}/status"
    await connection.merge(path, {"status": {"containerStatuses": [failed], "conditions": conditions}})
    await asyncio.sleep(PAUSE)


def _times(here: Stage, mark: int, pods: list[dict[str, Any]]) -> Iterator[float]:
    """Seconds from the write of each failure to the first status write of its service after it."""
    services_by_pod = {pod["metadata"]["name"]: pod["metadata"]["labels"]["modelservice.dev/name"] for pod in pods}
    told = [request for request in here.writes(mark) if request.subresource == "status"]
    for failure in here.audit.writes(since=mark, user="admin"):
        if failure.resource != "pods":
            continue
        name = services_by_pod[failure.name]
        yield next(
            (write.answered - failure.answered).total_seconds()
            for write in told
            if write.name == name and write.answered > failure.answered
        )
