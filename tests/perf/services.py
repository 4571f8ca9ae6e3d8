"""The objects that are measured with: ModelServices, and the nodes that their pods need."""

from typing import Any, Final

from localcluster.nodes import H100, Machine, node
from modelservice_operator import api

NAMESPACE: Final = "bench"
_ROOMY: Final = Machine(
    H100.instance_type,
    cpus=4000,
    memory=40000,
    disk=100000,
    devices={"nvidia.com/gpu": 110},
    labels=H100.labels,
    taints=H100.taints,
)


def roomy_nodes(pods: int) -> list[dict[str, Any]]:
    """Few nodes with many devices: room for that many pods with one GPU each, and as many during a rollout."""
    return [node(f"roomy-{number}", _ROOMY, "local-a", number) for number in range(1, 2 + 2 * pods // 100)]


def service(name: str, **spec: Any) -> dict[str, Any]:
    """A ModelService; the default spec is the quickstart's without pods."""
    return {
        "apiVersion": api.API_VERSION,
        "kind": api.KIND,
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"model": {"uri": "hf://Qwen/Qwen3-8B"}, "accelerator": {"count": 1}, "replicas": 0} | spec,
    }


def services(first: int, last: int, prefix: str = "ms", **spec: Any) -> list[dict[str, Any]]:
    """ModelServices with the numbers from `first` up to, not including, `last`."""
    return [service(f"{prefix}-{number:05}", **spec) for number in range(first, last)]
