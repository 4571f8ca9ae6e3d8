"""What the server container requests."""

from fractions import Fraction
from math import ceil
from typing import Final

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.accelerators import BY_VENDOR
from modelservice_operator.plan.server import Server
from modelservice_operator.quantity import canonical_quantity, parse_quantity

_MIB: Final = 2**20


def resources(server: Server, spec: ModelServiceSpec) -> Manifest:
    """CPU and memory by the runtime's data and the number of devices; the devices are the only limit.

    Extended resources belong into limits alone: Kubernetes takes the requests from there.
    """
    if not server.devices:
        return {"requests": _cpu_only(server, spec)}
    each = server.runtime.requests.per_device
    return {
        "requests": {
            "cpu": _cores(_exact(each.cpu) * server.devices),
            "memory": _memory(_exact(each.memory) * server.devices),
        },
        "limits": {BY_VENDOR[server.vendor].resource: str(server.devices)},
    }


def tolerations(server: Server) -> list[Manifest]:
    """Nodes with devices are commonly tainted, to keep other pods away."""
    if not server.devices:
        return []
    return [{"key": BY_VENDOR[server.vendor].taint, "operator": "Exists", "effect": "NoSchedule"}]


def _cpu_only(server: Server, spec: ModelServiceSpec) -> Manifest:
    data = server.runtime.requests.cpu_only
    size = spec.model.size if spec.model else None
    memory = _memory(_exact(size) * Fraction(data.memory_per_model_size)) if size else data.memory
    return {"cpu": data.cpu, "memory": memory}


def _exact(quantity: str) -> Fraction:
    return Fraction(parse_quantity(quantity))


def _cores(cores: Fraction) -> str:
    return canonical_quantity(f"{ceil(cores * 1000)}m")


def _memory(size: Fraction) -> str:
    """The size in bytes, rounded up to a MiB."""
    return canonical_quantity(f"{ceil(size / _MIB)}Mi")
