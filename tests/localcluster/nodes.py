"""The nodes of the cluster, with the labels, taints and resources of real ones.

Capacities are those of the instance types named. Labels: NVIDIA GPU feature discovery 0.20, the AMD node labeller, node
feature discovery. What the kubelet keeps back follows the rules of Amazon EKS: CPU 6 % of the first core, 1 % of the
second, 0.5 % of the next two and 0.25 % of the others; memory 255 MiB + 11 MiB per pod, and 100 MiB for eviction; a
tenth of the disk.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

PODS = 110


def _taint(resource: str) -> dict[str, str]:
    """As clusters commonly keep pods without such devices away."""
    return {"key": resource, "value": "present", "effect": "NoSchedule"}


NVIDIA_TAINT = _taint("nvidia.com/gpu")
AMD_TAINT = _taint("amd.com/gpu")

SIMULATED_LABEL = {"type": "kwok"}
SIMULATED_TAINT = {"key": "kwok.x-k8s.io/node", "value": "fake", "effect": "NoSchedule"}

_NVIDIA_LABELS = {
    "nvidia.com/gpu.present": "true",
    "nvidia.com/gpu.mode": "compute",
    "nvidia.com/gpu.replicas": "1",
    "nvidia.com/gpu.sharing-strategy": "none",
    "nvidia.com/mps.capable": "false",
    "nvidia.com/cuda.driver-version.major": "580",
    "nvidia.com/cuda.driver-version.minor": "95",
    "nvidia.com/cuda.driver-version.revision": "05",
    "nvidia.com/cuda.driver-version.full": "580.95.05",
    "nvidia.com/cuda.runtime-version.major": "13",
    "nvidia.com/cuda.runtime-version.minor": "0",
    "nvidia.com/cuda.runtime-version.full": "13.0",
    "feature.node.kubernetes.io/pci-10de.present": "true",
}


@dataclass(frozen=True)
class Machine:
    """A kind of machine: instance type, CPUs, memory and disk in GiB, devices by resource name, labels and taints."""

    instance_type: str
    cpus: int
    memory: int
    disk: int
    devices: Mapping[str, int] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: Sequence[Mapping[str, str]] = ()


H100 = Machine(
    "p5.48xlarge",
    cpus=192,
    memory=2048,
    disk=3500,
    devices={"nvidia.com/gpu": 8},
    labels=_NVIDIA_LABELS
    | {
        "nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3",
        "nvidia.com/gpu.count": "8",
        "nvidia.com/gpu.memory": "81559",
        "nvidia.com/gpu.family": "hopper",
        "nvidia.com/gpu.compute.major": "9",
        "nvidia.com/gpu.compute.minor": "0",
        "nvidia.com/gpu.machine": "p5.48xlarge",
        "nvidia.com/mig.capable": "true",
    },
    taints=[NVIDIA_TAINT],
)
L4 = Machine(
    "g6.12xlarge",
    cpus=48,
    memory=192,
    disk=1000,
    devices={"nvidia.com/gpu": 4},
    labels=_NVIDIA_LABELS
    | {
        "nvidia.com/gpu.product": "NVIDIA-L4",
        "nvidia.com/gpu.count": "4",
        "nvidia.com/gpu.memory": "23034",
        "nvidia.com/gpu.family": "ada-lovelace",
        "nvidia.com/gpu.compute.major": "8",
        "nvidia.com/gpu.compute.minor": "9",
        "nvidia.com/gpu.machine": "g6.12xlarge",
        "nvidia.com/mig.capable": "false",
    },
    taints=[NVIDIA_TAINT],
)
MI300X = Machine(
    "BM.GPU.MI300X.8",
    cpus=224,
    memory=2048,
    disk=3500,
    devices={"amd.com/gpu": 8},
    labels={
        "amd.com/gpu.product-name": "AMD_Instinct_MI300X_OAM",
        "amd.com/gpu.vram": "192G",
        "amd.com/gpu.cu-count": "304",
        "amd.com/gpu.simd-count": "1216",
        "amd.com/gpu.family": "AI",
        "amd.com/gpu.device-id": "74a1",
        "amd.com/compute-memory-partition": "spx_nps1",
        "feature.node.kubernetes.io/pci-1002.present": "true",
    },
    taints=[AMD_TAINT],
)
CPU = Machine("m7i.8xlarge", cpus=32, memory=128, disk=200)

FLEET: Mapping[str, tuple[Machine, str]] = {
    "h100-1": (H100, "local-a"),
    "h100-2": (H100, "local-b"),
    "h100-3": (H100, "local-c"),
    "l4-1": (L4, "local-a"),
    "l4-2": (L4, "local-b"),
    "mi300x-1": (MI300X, "local-c"),
    "cpu-1": (CPU, "local-a"),
    "cpu-2": (CPU, "local-b"),
}
"""Name of each node -> its machine and its zone."""

RARE: Mapping[str, Machine] = {
    "xe-1": Machine(
        "arc-b60",
        cpus=32,
        memory=256,
        disk=1000,
        devices={"gpu.intel.com/xe": 4},
        labels={"gpu.intel.com/product": "Arc_Pro_B60", "gpu.intel.com/device.count": "4"},
        taints=[_taint("gpu.intel.com/xe")],
    ),
    "gaudi-1": Machine(
        "gaudi3",
        cpus=160,
        memory=1024,
        disk=1000,
        devices={"habana.ai/gaudi": 8},
        taints=[_taint("habana.ai/gaudi")],
    ),
    "v6e-1": Machine(
        "ct6e-standard-4t",
        cpus=180,
        memory=720,
        disk=1000,
        devices={"google.com/tpu": 4},
        labels={
            "cloud.google.com/gke-tpu-accelerator": "tpu-v6e-slice",
            "cloud.google.com/gke-tpu-topology": "2x2",
        },
        taints=[_taint("google.com/tpu")],
    ),
    "trn2-1": Machine(
        "trn2.48xlarge",
        cpus=192,
        memory=2048,
        disk=1000,
        devices={"aws.amazon.com/neuron": 16},
        taints=[_taint("aws.amazon.com/neuron")],
    ),
    "mig-1": Machine(
        "a3-highgpu-1g",
        cpus=26,
        memory=234,
        disk=1000,
        devices={"nvidia.com/mig-3g.40gb": 2},
        labels={
            "nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3",
            "nvidia.com/mig.strategy": "mixed",
            "nvidia.com/mig-3g.40gb.count": "2",
            "nvidia.com/mig-3g.40gb.product": "NVIDIA-H100-80GB-HBM3-MIG-3g.40gb",
            "nvidia.com/mig-3g.40gb.memory": "40448",
        },
        taints=[NVIDIA_TAINT],
    ),
}
"""Nodes of further vendors and with MIG slices, for tests that ask for them."""


def node(name: str, machine: Machine, zone: str, number: int) -> dict[str, Any]:
    """The Node object; `number` (1 to 254) makes its address."""
    devices = {resource: str(count) for resource, count in machine.devices.items()}
    fixed = {"pods": str(PODS), "hugepages-1Gi": "0", "hugepages-2Mi": "0"} | devices
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "node.kubernetes.io/instance-type": machine.instance_type,
                "topology.kubernetes.io/region": "local",
                "topology.kubernetes.io/zone": zone,
                **machine.labels,
            },
        },
        "spec": {"taints": [dict(taint) for taint in machine.taints]},
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": f"192.168.10.{number}"},
                {"type": "Hostname", "address": name},
            ],
            "capacity": {
                "cpu": str(machine.cpus),
                "memory": f"{machine.memory}Gi",
                "ephemeral-storage": f"{machine.disk}Gi",
                **fixed,
            },
            "allocatable": {
                "cpu": f"{1000 * machine.cpus - reserved_cpu(machine.cpus)}m",
                "memory": f"{1024 * machine.memory - 255 - 11 * PODS - 100}Mi",
                "ephemeral-storage": f"{1024 * machine.disk * 9 // 10}Mi",
                **fixed,
            },
        },
    }


def beside_real(node: Mapping[str, Any]) -> dict[str, Any]:
    """The Node object as it has to be where there is a real node too: known to KWOK, and shunned by what is to run."""
    metadata, spec = node["metadata"], node.get("spec", {})
    return {
        **node,
        "metadata": {**metadata, "labels": {**metadata.get("labels", {}), **SIMULATED_LABEL}},
        "spec": {**spec, "taints": [*spec.get("taints", ()), SIMULATED_TAINT]},
    }


def reserved_cpu(cpus: int) -> int:
    """Millicores that the kubelet keeps back (the rule is in the module's docstring)."""
    quarter_percents = [24, 4, 2, 2]
    return int(2.5 * (sum(quarter_percents[:cpus]) + max(0, cpus - len(quarter_percents))))


def fleet() -> list[dict[str, Any]]:
    """The Node objects of `FLEET`."""
    return [node(name, machine, zone, number) for number, (name, (machine, zone)) in enumerate(FLEET.items(), start=1)]
