"""No node takes a pod, because none has enough devices, CPU, memory or disk, free or at all."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.diagnose.finding import Finding
from modelservice_operator.diagnose.fitting import has_devices, is_open, matches, offer
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.diagnose.scheduler import Verdict, read_verdict
from modelservice_operator.diagnose.unplaced import unplaced
from modelservice_operator.diagnose.words import quotable
from modelservice_operator.plan.devices import resource_name
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
        answer = _shortage(verdict, pod, (resource, count), nodes, spec)
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
    usable = [node for node in nodes.values() if is_open(node, pod) and has_devices(node, pod) and matches(node, pod)]
    if nodes and not usable:
        # The nodes that lack it would not do anyway.
        return None
    largest = max((offer(node, resource) or Decimal(0) for node in usable), default=Decimal(0))
    digest = quotable(verdict.digest(_PLAIN))
    field = f"spec.resources.requests.{resource}"
    if need is not None and 0 < largest < need:
        which = "node" if len(usable) == len(nodes) else "node that lets it in"
        detail = f"the largest {which} has {_shown(resource, largest)} ({digest})"
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
    verdict: Verdict, pod: Pod, wanted: tuple[str, int], nodes: Mapping[str, Node], spec: ModelServiceSpec
) -> tuple[str, str] | None:
    """What is short, and what to do; None where the devices may not be what keeps the pod off the nodes."""
    resource, count = wanted
    lacking = verdict.insufficient(resource)
    share = verdict.on(f"Insufficient {resource}", lacking) if lacking else quotable(verdict.digest())
    if not nodes:
        if not lacking or lacking < verdict.nodes:
            return None
        return f"no node has that many free ({share})", _free_some(resource, count, spec)
    offering = [node for node in nodes.values() if resource in node.allocatable]
    matching = [node for node in offering if matches(node, pod)]
    largest = max((node.allocatable[resource] for node in matching), default=0)
    which = "matching " if len(matching) < len(offering) else ""
    if lacking and not largest:
        return f"no {which}node offers {resource}", f"Add a node with {resource}, or see that its device plugin runs."
    if largest < count and largest and verdict.counts:
        # So it is whatever else keeps the pod off.
        field = spec.accelerator is not None and resource == resource_name(spec.accelerator)
        lower = f"Lower {'spec.accelerator.count' if field else f'the limit of {resource}'} to at most {largest}"
        return f"the largest {which}node has {largest} ({share})", f"{lower}, or add a larger node."
    if not lacking:
        # Another cause stands before the devices, or they come from a ResourceClaim.
        return None
    large = [node for node in matching if node.allocatable[resource] >= count]
    among = [node for node in large if is_open(node, pod)]
    # The scheduler names no nodes. Those that give another reason must all be such as are no candidates anyway.
    # Those that are open, match and are too small lack the devices for certain.
    small = sum(not has_devices(node, pod) and is_open(node, pod) and matches(node, pod) for node in nodes.values())
    if not among or verdict.nodes - lacking > len(nodes) - len(among) - small:
        return None
    closed = len(among) < len(large)
    which = f"open {which}" if closed else which
    who = f"{'the' if closed else 'all'} {len(among)} {which}nodes" if len(among) > 1 else f"the only {which}node"
    detail = f"too few are free on {who} with {count} or more ({quotable(verdict.digest())})"
    return detail, _free_some(resource, count, spec)


def _free_some(resource: str, count: int, spec: ModelServiceSpec) -> str:
    fewer = "lower spec.replicas, " if spec.scaling is None and spec.replicas > 1 else ""
    return f"Free {resource} that others hold, {fewer}or add a node with at least {count}."


def _shown(resource: str, amount: Decimal) -> str:
    """As a person would write it: cores, or Gi and Mi with one digit behind the point."""
    if resource == "cpu":
        return f"{amount.normalize():f}"
    unit, name = (_GIB, "Gi") if amount >= _GIB else (_MIB, "Mi")
    return f"{(amount / unit).quantize(Decimal('0.1')).normalize():f}{name}"
