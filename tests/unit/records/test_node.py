import pytest

from modelservice_operator.manifest import Manifest
from modelservice_operator.records.node import Node, Taint


def test_everything_that_decisions_need() -> None:
    node = Node.from_manifest(
        {
            "metadata": {"name": "gpu-1", "uid": "u", "resourceVersion": "12", "labels": {"zone": "a"}},
            "spec": {
                "unschedulable": True,
                "taints": [
                    {"key": "dedicated", "value": "ml", "effect": "NoSchedule"},
                    {"key": "nvidia.com/gpu", "effect": "NoExecute"},
                    {"key": "slow", "effect": "PreferNoSchedule"},
                ],
            },
            "status": {
                "allocatable": {
                    "cpu": "64",
                    "memory": "512Gi",
                    "hugepages-2Mi": "0",
                    "attachable-volumes.kubernetes.io/csi": "9",
                    "nvidia.com/gpu": "8",
                    "nvidia.com/gpu.shared": "1k",
                    "amd.com/gpu": "0",
                    "example.com/odd": "many",
                },
                "conditions": [
                    {"type": "MemoryPressure", "status": "False"},
                    {"type": "Ready", "status": "Unknown", "lastTransitionTime": "2026-11-22T10:00:00Z"},
                ],
            },
        }
    )
    assert node == Node(
        name="gpu-1",
        uid="u",
        resource_version=12,
        ready=False,
        unready_since="2026-11-22T10:00:00Z",
        unschedulable=True,
        allocatable={"nvidia.com/gpu": 8, "nvidia.com/gpu.shared": 1000},
        cpu="64",
        memory="512Gi",
        labels={"zone": "a"},
        taints=(Taint("dedicated", "ml", "NoSchedule"), Taint("nvidia.com/gpu", "", "NoExecute")),
    )
    assert [str(taint) for taint in node.taints] == ["dedicated=ml", "nvidia.com/gpu"]


@pytest.mark.parametrize(
    ("conditions", "ready", "since"),
    [
        ([{"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-22T10:00:00Z"}], True, ""),
        (
            [{"type": "Ready", "status": "False", "lastTransitionTime": "2026-11-22T10:00:00Z"}],
            False,
            "2026-11-22T10:00:00Z",
        ),
        ([], False, ""),
        (None, False, ""),
    ],
)
def test_ready(conditions: list[Manifest] | None, ready: bool, since: str) -> None:
    node = Node.from_manifest({"status": {"conditions": conditions}})
    assert (node.ready, node.unready_since) == (ready, since)
