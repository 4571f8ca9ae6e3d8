"""ModelServices with two pods each, which are created once with their final status: no scheduler, no kubelets."""

import time
from collections.abc import Iterator
from typing import Any, Final

from perf import usage
from perf.intents import children
from perf.load import Connection, path_of
from perf.rows import SIZES, Figure
from perf.services import NAMESPACE, roomy_nodes, service, services
from perf.stage import stage

PODS: Final = 2
NODES: Final = 100
NOW: Final = "2026-01-01T00:00:00Z"


def measure(size: int) -> Iterator[Figure]:
    """Memory and start at 1,000 and 10,000, where the run is that large."""
    aims = [aim for aim in SIZES if 1000 <= aim <= size]
    if not aims:
        return
    with stage(roomy_nodes(50 * NODES)) as here:
        plane = here.cluster.control_plane
        for process in (here.cluster.kwok, plane.scheduler, plane.controller_manager):
            process.stop()
        operator = here.operator()
        there = 0
        for aim in aims:
            manifests = services(there, aim, replicas=PODS)
            mark = here.audit.mark()
            here.load.apply(manifests)
            here.wait_for(aim - there, "services", mark)
            here.load.each(manifests, _run)
            here.settle()
            there = aim
            usage.rest(operator.pid)
            grown = usage.resident(operator.pid)
            operator.process.stop()
            last = service(f"zz-applied-meanwhile-{aim}")
            here.load.apply([last])
            mark = here.audit.mark()
            started = time.time()
            operator.process.start()
            created = here.wait_for(1, "services", mark)[0]
            here.settle()
            usage.rest(operator.pid)
            restarted, peak = usage.resident(operator.pid), usage.peak(operator.pid)
            note = f"after creating them {grown:.0f}, after a restart {restarted:.0f}, peak of a start {peak:.0f}"
            yield Figure(f"pods.memory.{aim}", max(grown, restarted), note)
            yield Figure(f"pods.startup.{aim}", created.answered.timestamp() - started)
            here.cluster.kubectl("delete", "modelservice", "-n", NAMESPACE, last["metadata"]["name"])


async def _run(connection: Connection, manifest: dict[str, Any]) -> None:
    """The pods and counts that a Deployment has once it is rolled out."""
    deployment = next(child for child in children(manifest) if child["kind"] == "Deployment")
    for number in range(PODS):
        pod = _pod(deployment, number)
        await connection.create(pod)
        await connection.merge(path_of(pod, "status"), {"status": _status(pod)})
    counts = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), PODS)
    progressing = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable", "message": ""}
    status = {"observedGeneration": 1, **counts, "conditions": [progressing | {"lastTransitionTime": NOW}]}
    await connection.merge(path_of(deployment, "status"), {"status": status})


def _pod(deployment: dict[str, Any], number: int) -> dict[str, Any]:
    name, template = deployment["metadata"]["name"], deployment["spec"]["template"]
    labels = {**template["metadata"]["labels"], "pod-template-hash": "5d8f7c9b6"}
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"{name}-5d8f7c9b6", "uid": name}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{name}-5d8f7c9b6-{number:05}",
            "namespace": NAMESPACE,
            "labels": labels,
            "ownerReferences": [owner | {"controller": True}],
        },
        "spec": {**template["spec"], "nodeName": f"roomy-{1 + int(name.rpartition('-')[2]) % NODES}"},
    }


def _status(pod: dict[str, Any]) -> dict[str, Any]:
    kinds = ("PodScheduled", "Initialized", "ContainersReady", "Ready")
    containers = [
        {
            "name": container["name"],
            "image": container["image"],
            "imageID": container["image"],
            "containerID": f"containerd://{pod['metadata']['name']}",
            "ready": True,
            "started": True,
            "restartCount": 0,
            "state": {"running": {"startedAt": NOW}},
        }
        for container in pod["spec"]["containers"]
    ]
    return {
        "phase": "Running",
        "startTime": NOW,
        "conditions": [{"type": kind, "status": "True", "lastTransitionTime": NOW} for kind in kinds],
        "containerStatuses": containers,
    }
