"""What the server container requests."""

from fractions import Fraction
from math import ceil
from typing import Final

from modelservice_operator.api.resources import Amounts
from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.devices import naming
from modelservice_operator.plan.server import Server
from modelservice_operator.quantity import canonical_quantity, parse_quantity

_MIB: Final = 2**20


def resources(server: Server, spec: ModelServiceSpec) -> Manifest:
    """Requests by the runtime's data, the number of devices and what the user says; limits are the user's alone.

    The devices belong into limits: Kubernetes takes the requests of extended resources from there. A request of ours
    gives way to a lower limit.

    Raises:
        PlanError: the devices cannot be named.
    """
    limits = amounts(spec.resources.limits)
    ours = {name: _least(amount, limits.get(name)) for name, amount in _usual(server, spec).items()}
    requests = {**ours, **amounts(spec.resources.requests)}
    if spec.accelerator:
        limits[naming(spec.accelerator).resource] = str(spec.accelerator.count)
    return {"requests": requests, "limits": limits} if limits else {"requests": requests}


def amounts(asked: Amounts | None) -> dict[str, str]:
    """What the user gives, by the name that Kubernetes has for it, in canonical form."""
    given = asked.model_dump(by_alias=True, exclude_none=True) if asked else {}
    return {name: canonical_quantity(amount) for name, amount in given.items()}


def _usual(server: Server, spec: ModelServiceSpec) -> dict[str, str]:
    if not server.devices:
        return _cpu_only(server, spec)
    each = server.runtime.requests.per_device
    return {
        "cpu": _cores(_exact(each.cpu) * server.devices),
        "memory": _memory(_exact(each.memory) * server.devices),
    }


def _least(amount: str, limit: str | None) -> str:
    return amount if limit is None or parse_quantity(amount) <= parse_quantity(limit) else limit


def _cpu_only(server: Server, spec: ModelServiceSpec) -> dict[str, str]:
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
