"""From a pod's failure to the status that says why, over many services."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from cluster.harness.wait import eventually
from modelservice_operator.cluster.resources import EVENT
from perf.load import Connection
from perf.rows import Figure
from perf.services import NAMESPACE, roomy_nodes, services
from perf.stage import LONG, Stage, stage
from perf.statistics import median, p99

COUNT: Final = 200
NO_END: Final = {"env": [{"name": "SIMULATE_FAILURE", "value": "waits"}]}
"""The simulated kubelet leaves such a pod in ContainerCreating."""
_EVENT: Final = ".failed"
"""The name of a pod's Event, after that of the pod."""
PAUSE: Final = 0.1
"""Seconds between two failures: each is looked at for itself."""


def measure(size: int) -> Iterator[Figure]:
    """200 services with a pod each, which fail one after the other; then 200 whose causes stand in Events alone.

    What fails is written by hand while the simulated kubelets stand still, as one that goes on would write on.
    """
    # Kubelets that stand still are not to count as lost.
    with stage(roomy_nodes(2 * COUNT), controller_manager_flags=["--node-monitor-grace-period=1h"]) as here:
        here.operator()
        for row, prefix, runtime, fail in (
            ("failure.p99", "crashes", None, _fail),
            ("failure.event.p99", "waits", NO_END, _tell),
        ):
            more = {"runtime": runtime} if runtime else {}
            here.load.apply(services(0, COUNT, prefix, replicas=1, **more))
            pods = eventually(partial(_settled_pods, here, prefix, ready=runtime is None), timeout=LONG, interval=2)
            here.settle()
            here.cluster.kwok.pause()
            mark = here.audit.mark()
            here.load.each(pods, fail, concurrency=1)
            times = eventually(partial(_times, here, mark, pods), timeout=60, interval=2)
            here.cluster.kwok.resume()
            yield Figure(row, p99(times), f"median {median(times):.2f} s, max {max(times):.2f} s of {len(times)}")


def _settled_pods(here: Stage, prefix: str, *, ready: bool) -> list[dict[str, Any]]:
    """The pods of the services with that prefix, once all have a node and are ready if they are to be."""
    everyone: list[dict[str, Any]] = here.cluster.kubectl.json("get", "pods", "-n", NAMESPACE)["items"]
    pods = [pod for pod in everyone if pod["metadata"]["name"].startswith(prefix) and "nodeName" in pod["spec"]]
    assert len(pods) == COUNT
    assert not ready or _ready(here) == COUNT
    return pods


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


async def _tell(connection: Connection, pod: dict[str, Any]) -> None:
    """The kubelet cannot mount a volume, and says so in an Event alone."""
    metadata = pod["metadata"]
    about = {key: metadata[key] for key in ("namespace", "name", "uid")} | {"kind": "Pod", "apiVersion": "v1"}
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    name = metadata["name"] + _EVENT
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "involvedObject": about,
        "type": "Warning",
        "reason": "FailedMount",
        "message": 'MountVolume.SetUp failed for volume "weights" : no such export',
        "count": 1,
        "firstTimestamp": now,
        "lastTimestamp": now,
        "source": {"component": "kubelet"},
    }
    await connection.apply_text(EVENT.path(NAMESPACE, name), json.dumps(event))
    await asyncio.sleep(PAUSE)


def _times(here: Stage, mark: int, pods: list[dict[str, Any]]) -> list[float]:
    """Seconds from the write of each failure to the first status of its service after it that names a problem."""
    times = []
    services_by_pod = {pod["metadata"]["name"]: pod["metadata"]["labels"]["modelservice.dev/name"] for pod in pods}
    told = [request for request in here.writes(mark) if request.subresource == "status" and request.problems]
    for failure in here.audit.writes(since=mark, user="admin"):
        if failure.resource not in {"pods", "events"}:
            continue
        name = services_by_pod[failure.name.removesuffix(_EVENT)]
        after = [write.answered for write in told if write.name == name and write.answered > failure.received]
        assert after, f"no status of {name} named a problem after {failure.received}"
        times.append(max(0.0, (after[0] - failure.answered).total_seconds()))
    return times
