"""No node takes a pod, because none has enough devices, CPU, memory or disk, free or at all."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.diagnose.candidates import untolerated
from modelservice_operator.diagnose.finding import Finding
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.diagnose.scheduler import Verdict, read_verdict
from modelservice_operator.diagnose.unplaced import unplaced
from modelservice_operator.diagnose.words import quotable
from modelservice_operator.plan.devices import resource_name
from modelservice_operator.quantity import is_quantity, parse_quantity
from modelservice_operator.records.node import Node
from modelservice_operator.records.pod import Pod

_PLAIN: Final = re.compile(r"Insufficient (cpu|memory|ephemeral-storage)\b")
_GIB: Final = Decimal(2**30)
_MIB: Final = Decimal(2**20)


def accelerators_insufficient(pod: Pod, spec: ModelServiceSpec, nodes: Mapping[str, Node]) -> Finding | None:
    """The devices are what no node has enough of, free or at all.

    Args:
        pod: the pod.
        spec: what was asked for.
        nodes: all nodes; empty where the operator may not read them.
    """
    if pod.unscheduled is None:
        return None
    verdict = read_verdict(pod.unscheduled.message)
    for resource, count in pod.devices:
        lacking = verdict.insufficient(resource)
        if not lacking:
            # Another cause stands before the devices, or they come from a ResourceClaim.
            continue
        answer = _shortage(verdict, resource, count, nodes, spec)
        if answer is not None:
            return _accelerators(pod, resource, count, *answer)
    return None


def accelerators_scarce(pod: Pod, spec: ModelServiceSpec) -> Finding | None:
    """Some nodes lack devices, as many as lack CPU or memory; others give reasons that come before all of them."""
    if pod.unscheduled is None:
        return None
    verdict = read_verdict(pod.unscheduled.message)
    others = max((count for _, count in verdict.saying(_PLAIN)), default=0)
    for resource, count in pod.devices:
        if verdict.insufficient(resource) and verdict.insufficient(resource) >= others:
            wanted = re.compile(re.escape(f"Insufficient {resource}") + "$")
            detail = f"too few are free on the nodes that let it in ({quotable(verdict.digest(wanted))})"
            return _accelerators(pod, resource, count, detail, _free_some(resource, count, spec))
    return None


def resources_insufficient(pod: Pod, nodes: Mapping[str, Node]) -> Finding | None:
    """CPU, memory or disk are what no node has enough of; the arguments are as in `accelerators_insufficient`."""
    if pod.unscheduled is None:
        return None
    verdict = read_verdict(pod.unscheduled.message)
    lacking = verdict.saying(_PLAIN)
    if not lacking or (match := _PLAIN.search(lacking[0][0])) is None:
        return None
    resource = match[1]
    need = dict(pod.requests).get(resource)
    largest = max((_offer(node, resource) for node in nodes.values()), default=Decimal(0))
    digest = quotable(verdict.digest(_PLAIN))
    field = f"spec.resources.requests.{resource}"
    if need is not None and 0 < largest < need:
        detail = f"the largest node has {_shown(resource, largest)} ({digest})"
        remedy = f"Lower {field} below {_shown(resource, largest)}, or add a larger node."
    else:
        detail = f"no node has that much free ({digest})" if need is not None else digest
        remedy = f"Lower {field}, free {resource} that others hold, or add a node."
    return unplaced(
        pod,
        Reason.INSUFFICIENT_RESOURCES,
        cause=resource,
        need=f"needs {_shown(resource, need)} of {resource}" if need is not None else "",
        detail=detail,
        remedy=remedy,
    )


def _accelerators(pod: Pod, resource: str, count: int, detail: str, remedy: str) -> Finding:
    return unplaced(
        pod,
        Reason.INSUFFICIENT_ACCELERATORS,
        cause=f"{count} {resource}",
        need=f"needs {count} {resource}",
        detail=detail,
        remedy=remedy,
    )


def _shortage(
    verdict: Verdict, resource: str, count: int, nodes: Mapping[str, Node], spec: ModelServiceSpec
) -> tuple[str, str] | None:
    """What is short, and what to do; None where the devices may not be what keeps the pod off the nodes."""
    lacking = verdict.insufficient(resource)
    share = verdict.on(f"Insufficient {resource}", lacking)
    if not nodes:
        if lacking < verdict.nodes:
            return None
        return f"no node has that many free ({share})", _free_some(resource, count, spec)
    offers = {name: node.allocatable[resource] for name, node in nodes.items() if resource in node.allocatable}
    largest = max(offers.values(), default=0)
    if largest == 0:
        return f"no node offers {resource}", f"Add a node with {resource}, or see that its device plugin runs."
    if largest < count:
        field = spec.accelerator is not None and resource == resource_name(spec.accelerator)
        lower = f"Lower {'spec.accelerator.count' if field else f'the limit of {resource}'} to at most {largest}"
        return f"the largest node has {largest} ({share})", f"{lower}, or add a larger node."
    large = [name for name, offer in offers.items() if offer >= count]
    open_to_pods = [name for name in large if _is_open(nodes[name], spec)]
    # The scheduler names no nodes. Those that give another reason must all be such as are no candidates anyway.
    if not open_to_pods or verdict.nodes - lacking > len(nodes) - len(open_to_pods):
        return None
    who = f"all {len(large)} nodes" if len(large) > 1 else "the only node"
    detail = f"too few are free on {who} with {count} or more ({quotable(verdict.digest())})"
    return detail, _free_some(resource, count, spec)


def _is_open(node: Node, spec: ModelServiceSpec) -> bool:
    return node.ready and not node.unschedulable and not untolerated(node, spec)


def _free_some(resource: str, count: int, spec: ModelServiceSpec) -> str:
    fewer = "lower spec.replicas, " if spec.scaling is None and spec.replicas > 1 else ""
    return f"Free {resource} that others hold, {fewer}or add a node with at least {count}."


def _offer(node: Node, resource: str) -> Decimal:
    text = {"cpu": node.cpu, "memory": node.memory}.get(resource, "")
    return parse_quantity(text) if is_quantity(text) else Decimal(0)


def _shown(resource: str, amount: Decimal) -> str:
    """As a person would write it: cores, or Gi and Mi with one digit behind the point."""
    if resource == "cpu":
        return f"{amount.normalize():f}"
    unit, name = (_GIB, "Gi") if amount >= _GIB else (_MIB, "Mi")
    return f"{(amount / unit).quantize(Decimal('0.1')).normalize():f}{name}"
