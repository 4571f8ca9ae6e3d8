"""Devices of every vendor on the real scheduler: a pod lands on a node that has them, and on no other."""

from collections.abc import Iterator
from typing import Any

import pytest

from cluster.harness.operator import Operator
from cluster.harness.service import Service
from localcluster import Kubectl, LocalCluster
from localcluster.nodes import RARE, node


@pytest.fixture(scope="module", autouse=True)
def machines(cluster: LocalCluster) -> Iterator[None]:
    """One node of each, beside the fleet."""
    numbered = enumerate(RARE.items(), start=100)
    nodes = [node(name, machine, "local-a", number) for number, (name, machine) in numbered]
    cluster.kubectl("create", "-f", "-", given=nodes)
    cluster.kubectl("wait", "--for=condition=Ready", "node", *RARE, "--timeout=30s")
    yield
    cluster.kubectl("delete", "node", *RARE)


ROWS: list[tuple[dict[str, Any], str]] = [
    ({"count": 8}, "h100-"),
    ({"products": ["NVIDIA-L4"]}, "l4-"),
    ({"memory": "80Gi"}, "h100-"),
    ({"partition": "3g.40gb", "count": 2, "memory": "40Gi"}, "mig-"),
    ({"partition": "3g.40gb", "products": ["NVIDIA-H100-80GB-HBM3-MIG-3g.40gb"]}, "mig-"),
    ({"vendor": "amd", "products": ["AMD_Instinct_MI300X_OAM"], "memory": "192Gi"}, "mi300x-"),
    ({"vendor": "intel", "products": ["Arc_Pro_B60"]}, "xe-"),
    ({"vendor": "gaudi", "count": 8}, "gaudi-"),
    ({"vendor": "tpu", "count": 4, "memory": "32Gi", "products": ["tpu-v6e-slice"]}, "v6e-"),
    ({"vendor": "neuron", "memory": "96Gi", "products": ["trn2.48xlarge"]}, "trn2-"),
]


@pytest.mark.parametrize(("accelerator", "prefix"), ROWS, ids=lambda value: str(value)[:40])
def test_a_pod_lands_on_a_node_with_such_devices(
    operator: Operator, kubectl: Kubectl, accelerator: dict[str, Any], prefix: str
) -> None:
    service = Service(kubectl, runtime={"image": "example.com/server:1"}, accelerator=accelerator).apply().ready()
    (pod,) = service.children("pods")
    assert pod["spec"]["nodeName"].startswith(prefix)


UNMET: list[tuple[dict[str, Any], str]] = [
    ({"products": ["NVIDIA-B200"]}, "NoMatchingNode"),
    ({"memory": "100Gi"}, "NoMatchingNode"),
    ({"partition": "1g.5gb"}, "InsufficientAccelerators"),
    ({"partition": "3g.40gb", "memory": "48Gi"}, "NoMatchingNode"),
    ({"vendor": "amd", "memory": "256Gi"}, "NoMatchingNode"),
    ({"vendor": "intel", "products": ["Flex_170"]}, "NoMatchingNode"),
    ({"vendor": "gaudi", "count": 16}, "InsufficientAccelerators"),
    ({"vendor": "tpu", "memory": "95Gi"}, "NoMatchingNode"),
    ({"vendor": "neuron", "products": ["inf2.xlarge"]}, "NoMatchingNode"),
]


@pytest.mark.parametrize(("accelerator", "reason"), UNMET, ids=lambda value: str(value)[:40])
def test_a_pod_that_no_node_has_devices_for_says_so(
    operator: Operator, kubectl: Kubectl, accelerator: dict[str, Any], reason: str
) -> None:
    service = Service(kubectl, runtime={"image": "example.com/server:1"}, accelerator=accelerator).apply()
    service.wait_for("Ready", "False", reason)
    assert service.problem(reason)["pods"] == 1
