import sys
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from modelservice_operator.manifest import Manifest
from modelservice_operator.records.condition import Condition
from modelservice_operator.records.container import Container, Exit, Waiting
from modelservice_operator.records.demands import Demands, Expression, Toleration
from modelservice_operator.records.pod import Pod
from unit.diagnose.builders import recorded

FULL: Manifest = {
    "metadata": {
        "namespace": "ml",
        "name": "chat-7d9c-abcde",
        "uid": "u-1",
        "resourceVersion": "4711",
        "creationTimestamp": "2026-11-22T10:00:00Z",
        "deletionTimestamp": "2026-11-22T11:00:00Z",
        "labels": {
            "modelservice.dev/name": "chat",
            "modelservice.dev/revision": "r1",
            "app.kubernetes.io/name": "vllm",
            "pod-template-hash": "7d9c",
            "kueue.x-k8s.io/queue-name": "gpus",
        },
        "ownerReferences": [
            {"kind": "Whatever", "name": "chat-7d9c"},
            {"kind": "ReplicaSet", "name": "chat-7d9c", "controller": True},
        ],
    },
    "spec": {
        "nodeName": "gpu-1",
        "serviceAccountName": "reader",
        "schedulingGates": [{"name": "queue"}],
        "nodeSelector": {"disk": "fast"},
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [
                        {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a", "b"]}]},
                        {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["gpu-1"]}]},
                        {},
                    ]
                }
            }
        },
        "tolerations": [{"key": "dedicated", "operator": "Equal", "value": "ml", "effect": "NoSchedule"}, {}],
        "volumes": [{"emptyDir": {}}, {"persistentVolumeClaim": {"claimName": "models"}}],
        "initContainers": [
            {
                "name": "fetch",
                "image": "fetch:1",
                "resources": {"limits": {"nvidia.com/gpu": "1"}, "requests": {"memory": "1Gi", "cpu": "1"}},
            },
            {"name": "proxy", "image": "proxy:1", "restartPolicy": "Always", "resources": {"requests": {"cpu": "1"}}},
        ],
        "containers": [
            {
                "name": "server",
                "image": "server:1",
                "startupProbe": {},
                "resources": {
                    "limits": {"cpu": "4", "memory": "64Gi", "nvidia.com/gpu": "8"},
                    "requests": {"cpu": "3500m", "memory": "512Mi"},
                },
            },
            {
                "name": "helper",
                "image": "helper:1",
                "resources": {"limits": {"nvidia.com/gpu": "2"}, "requests": {"cpu": "500m", "memory": "odd"}},
            },
        ],
    },
    "status": {
        "phase": "Running",
        "reason": "Odd",
        "message": "very odd",
        "conditions": [
            {
                "type": "PodScheduled",
                "status": "False",
                "reason": "Unschedulable",
                "message": "no",
                "lastTransitionTime": "2026-11-22T10:00:01Z",
            },
            {"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-22T10:00:02Z"},
            {
                "type": "DisruptionTarget",
                "status": "True",
                "reason": "DeletionByTaintManager",
                "lastTransitionTime": "2026-11-22T10:00:03Z",
            },
        ],
        "initContainerStatuses": [
            {
                "name": "fetch",
                "state": {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": "2026-11-22T10:00:05Z"}},
            }
        ],
        "containerStatuses": [
            {
                "name": "helper",
                "ready": True,
                "started": True,
                "restartCount": 2,
                "allocatedResourcesStatus": [
                    {"name": "nvidia.com/gpu", "resources": [{"health": "Healthy"}, {"health": "Unhealthy"}]},
                    {"name": "claim:x", "resources": [{"health": "Unknown"}]},
                ],
                "state": {"running": {"startedAt": "2026-11-22T10:00:04Z"}},
                "lastState": {
                    "terminated": {
                        "exitCode": 3,
                        "reason": "Error",
                        "message": "x" * 5000 + "end",
                        "finishedAt": "2026-11-22T10:00:03Z",
                    }
                },
            },
            {"name": "server", "ready": False, "state": {"waiting": {"reason": "ErrImagePull", "message": "404"}}},
        ],
    },
}


def container(name: str, **facts: Any) -> Container:
    plain = Container(
        name=name,
        init=False,
        probed=False,
        image=f"{name}:1",
        memory_limit="",
        ready=False,
        restart_count=0,
        waiting=None,
        running_since="",
        terminated=None,
        last_terminated=None,
    )
    return replace(plain, **facts)


def test_everything_that_decisions_need() -> None:
    assert Pod.from_manifest(FULL) == Pod(
        namespace="ml",
        name="chat-7d9c-abcde",
        uid="u-1",
        resource_version=4711,
        service="chat",
        revision="r1",
        runtime="vllm",
        controlled=True,
        gone_by="2026-11-22T11:00:00Z",
        created_at="2026-11-22T10:00:00Z",
        scheduled_at="",
        node="gpu-1",
        phase="Running",
        reason="Odd",
        message="very odd",
        unscheduled=Condition("False", "Unschedulable", "no", "2026-11-22T10:00:01Z"),
        ready=True,
        ready_since="2026-11-22T10:00:02Z",
        disruption=Condition("True", "DeletionByTaintManager", "", "2026-11-22T10:00:03Z"),
        devices=(("nvidia.com/gpu", 10),),
        requests=(("cpu", Decimal(5)), ("memory", Decimal(2**30))),
        demands=Demands(
            selector=(Expression("disk", "In", ("fast",)),),
            terms=((Expression("zone", "In", ("a", "b")),), (Expression("metadata.name", "", ()),), ()),
            tolerations=(Toleration("dedicated", "Equal", "ml", "NoSchedule"), Toleration("", "", "", "")),
        ),
        queue="gpus",
        scheduler="",
        scheduling_gates=("queue",),
        claims=("models",),
        service_account="reader",
        containers=(
            container("fetch", init=True, terminated=Exit(0, "Completed", "", "", "2026-11-22T10:00:05Z")),
            container("proxy"),
            container("server", probed=True, memory_limit="64Gi", waiting=Waiting("ErrImagePull", "404")),
            container(
                "helper",
                ready=True,
                restart_count=2,
                running_since="2026-11-22T10:00:04Z",
                started=True,
                unhealthy_devices=(("nvidia.com/gpu", 1),),
                last_terminated=Exit(3, "Error", "x" * 4093 + "end", "2026-11-22T10:00:03Z", ""),
            ),
        ),
    )


def test_requests_are_kept_only_while_no_node_takes_the_pod() -> None:
    scheduled = {**FULL, "status": {"conditions": [{"type": "PodScheduled", "status": "True"}]}}
    assert Pod.from_manifest(scheduled).requests == ()


@pytest.mark.parametrize(
    ("owner", "controlled"),
    [
        ({"kind": "ReplicaSet", "name": "chat-7d9c", "controller": True}, True),
        ({"kind": "ReplicaSet", "name": "chat-7d9c"}, False),
        ({"kind": "ReplicaSet", "name": "chat-55f8", "controller": True}, False),
        ({"kind": "ReplicaSet", "name": "other-7d9c", "controller": True}, False),
        ({"kind": "StatefulSet", "name": "chat-7d9c", "controller": True}, False),
    ],
)
def test_only_a_replica_set_of_the_deployment_controls(owner: Manifest, controlled: bool) -> None:
    assert Pod.from_manifest({"metadata": FULL["metadata"] | {"ownerReferences": [owner]}}).controlled is controlled


def test_an_init_container_may_need_more_devices_than_the_rest() -> None:
    def asking(count: str) -> Manifest:
        return {"resources": {"limits": {"nvidia.com/gpu": count}}}

    pod = Pod.from_manifest({"spec": {"initContainers": [asking("8")], "containers": [asking("2"), asking("3")]}})
    assert pod.devices == (("nvidia.com/gpu", 8),)


@pytest.mark.parametrize(
    "manifest", [{}, {"metadata": None, "spec": [], "status": "x"}, {"status": {"conditions": [None, {}]}}]
)
def test_nothing_has_to_be_there(manifest: Manifest) -> None:
    pod = Pod.from_manifest(manifest)
    assert (pod.name, pod.resource_version, pod.controlled, pod.ready, pod.containers) == ("", 0, False, False, ())


def footprint(value: object, seen: set[int]) -> int:
    """Bytes that an object holds alone: what is interned, or shared by all records, counts only the first time."""
    if id(value) in seen or value is None or isinstance(value, bool):
        return 0
    seen.add(id(value))
    parts = value if isinstance(value, tuple) else [getattr(value, slot) for slot in getattr(value, "__slots__", ())]
    return sys.getsizeof(value) + sum(footprint(part, seen) for part in parts)


def test_a_healthy_pod_takes_about_a_kilobyte() -> None:
    pods = [step[2] for step in (recorded("healthy")[-1] for _ in range(101))]
    seen: set[int] = set()
    footprint(pods[0], seen)
    assert sum(footprint(pod, seen) for pod in pods[1:]) / 100 < 1300
