"""No node takes a pod, because of what the nodes are: their labels, their taints, or that they are closed."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Final

from modelservice_operator.api.accelerator import Accelerator
from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.diagnose.finding import Finding
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.diagnose.scheduler import Verdict, read_verdict
from modelservice_operator.diagnose.unplaced import unplaced
from modelservice_operator.diagnose.words import quotable
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.devices import naming, node_requirements, resource_name
from modelservice_operator.plan.errors import PlanError
from modelservice_operator.plan.placement import usual_tolerations
from modelservice_operator.records.node import Node, Taint
from modelservice_operator.records.pod import Pod

_LABELS: Final = re.compile("node affinity|node selector|nodeSelector|didn't match NodeName", re.IGNORECASE)
_TAINT: Final = re.compile(r"taint")
_NAMED_TAINT: Final = re.compile(r"untolerated taint \{(?P<key>[^:}]+): ?(?P<value>[^}]*)\}")
_CLOSED: Final = re.compile(r"were unschedulable|is unschedulable")
_CONTROL_PLANE: Final = "node-role.kubernetes.io/"
_NODE_CONDITION: Final = "node.kubernetes.io/"
"""Taints that Kubernetes itself puts on nodes that are not well."""
_SHOWN: Final = 3


def no_matching_node(pod: Pod, spec: ModelServiceSpec, nodes: Mapping[str, Node]) -> Finding | None:
    """No node has the device, product, memory, partition or label that is asked for.

    Args:
        pod: the pod.
        spec: what was asked for.
        nodes: all nodes; empty where the operator may not read them.
    """
    verdict = _verdict(pod)
    if verdict is None or not verdict.saying(_LABELS):
        return None
    missing = _missing(spec, nodes)
    if missing is None and _closed_ones_fit(verdict, spec, nodes):
        return None
    digest = quotable(verdict.digest(_LABELS))
    detail, remedy = missing or (
        digest,
        "Correct spec.accelerator.products, spec.accelerator.memory or spec.placement, or label a node accordingly.",
    )
    absent = spec.accelerator is not None and detail.startswith("no node offers")
    reason = Reason.INSUFFICIENT_ACCELERATORS if absent else Reason.NO_MATCHING_NODE
    return unplaced(pod, reason, cause=detail if detail != digest else "", detail=detail, remedy=remedy)


def untolerated_taint(pod: Pod, spec: ModelServiceSpec, nodes: Mapping[str, Node]) -> Finding | None:
    """Nodes that may well fit keep the pod off by a taint; the arguments are as in `no_matching_node`."""
    verdict = _verdict(pod)
    if verdict is None or not (said := verdict.saying(_TAINT)):
        return None
    named = [Taint(match["key"], match["value"]) for reason, _ in said if (match := _NAMED_TAINT.search(reason))]
    taints = [str(taint) for taint in named] or _taints(spec, nodes)
    digest = quotable(verdict.digest(_TAINT))
    unwell = [taint for taint in taints if taint.startswith(_NODE_CONDITION)]
    if unwell and len(unwell) == len(taints):
        remedy = "Repair these nodes, or add others: kubectl get nodes"
    else:
        what = " or ".join(taints) if taints else "the taint of the nodes"
        remedy = f"Add a toleration for {quotable(what)} to spec.placement.tolerations, or add nodes without it."
    detail = digest if named or not taints else f"{digest}: {quotable(', '.join(taints))}"
    return unplaced(pod, Reason.UNTOLERATED_TAINT, cause=",".join(taints), detail=detail, remedy=remedy)


def nodes_cordoned(pod: Pod, spec: ModelServiceSpec, nodes: Mapping[str, Node]) -> Finding | None:
    """The nodes are closed to new pods, as before maintenance; the arguments are as in `no_matching_node`."""
    verdict = _verdict(pod)
    if verdict is None or not verdict.saying(_CLOSED):
        return None
    closed = sorted(node.name for node in _offering(spec.accelerator, nodes) if node.unschedulable)
    names = f": {', '.join(closed[:_SHOWN])}{' and others' if len(closed) > _SHOWN else ''}" if closed else ""
    return unplaced(
        pod,
        Reason.NODES_CORDONED,
        cause="",
        detail=f"{quotable(verdict.digest(_CLOSED))}{names}",
        remedy=f"Open a node again, or add one: kubectl uncordon {closed[0] if closed else 'NODE'}",
    )


def _verdict(pod: Pod) -> Verdict | None:
    return read_verdict(pod.unscheduled.message) if pod.unscheduled is not None else None


def _closed_ones_fit(verdict: Verdict, spec: ModelServiceSpec, nodes: Mapping[str, Node]) -> bool:
    """Whether the nodes that are closed, by a taint or a cordon, are those that the pod is for.

    Where the nodes and the demands on them are known, some node meets them all. Elsewhere closed nodes are many, and
    none is one of the control plane, which is closed to everyone.
    """
    demands = _demands(spec)
    if nodes and demands:
        return any(all(_meets(node, demand) for demand in demands) for node in nodes.values())
    closed = [*verdict.saying(_TAINT), *verdict.saying(_CLOSED)]
    told = sum(count for reason, count in closed if _CONTROL_PLANE not in reason)
    return told > sum(count for _, count in verdict.saying(_LABELS))


def _demands(spec: ModelServiceSpec) -> list[Manifest]:
    """The labels that a node must have, as expressions."""
    selector = (spec.placement.node_selector or {}).items()
    demands: list[Manifest] = [{"key": key, "operator": "In", "values": [value]} for key, value in selector]
    if spec.accelerator is not None:
        with suppress(PlanError):
            demands += node_requirements(spec.accelerator)
    return demands


def _missing(spec: ModelServiceSpec, nodes: Mapping[str, Node]) -> tuple[str, str] | None:
    """The first demand that no node meets, and what to do; None where each is met by some node."""
    if not nodes:
        return None
    for key, value in (spec.placement.node_selector or {}).items():
        if all(node.labels.get(key) != value for node in nodes.values()):
            there = _tally(node.labels[key] for node in nodes.values() if key in node.labels)
            return (
                f"no node has the label {quotable(key)}={quotable(value)}{there}",
                "Correct spec.placement.nodeSelector, or label a node.",
            )
    return _missing_device(spec.accelerator, nodes) if spec.accelerator is not None else None


def _missing_device(accelerator: Accelerator, nodes: Mapping[str, Node]) -> tuple[str, str] | None:
    try:
        resource, requirements = naming(accelerator).resource, node_requirements(accelerator)
    except PlanError:
        return None
    offering = [node for node in nodes.values() if resource in node.allocatable]
    if not offering:
        return _missing_resource(accelerator, resource, nodes)
    for requirement in requirements:
        if any(_meets(node, requirement) for node in offering):
            continue
        key, values = requirement["key"], " or ".join(requirement["values"])
        there = _tally(node.labels[key] for node in offering if key in node.labels)
        above = "above " if requirement["operator"] == "Gt" else ""
        field = "products" if requirement["operator"] == "In" and accelerator.products else "memory"
        return (
            f"no node with {resource} has the label {key} {above}{quotable(values)}{there}",
            f"Correct spec.accelerator.{field}, or add a node with such devices.",
        )
    return None


def _missing_resource(accelerator: Accelerator, resource: str, nodes: Mapping[str, Node]) -> tuple[str, str]:
    vendors = f"{resource.partition('/')[0]}/"
    others = {name for node in nodes.values() for name in node.allocatable if name.startswith(vendors)}
    there = f"; there is {', '.join(sorted(others)[:_SHOWN])}" if others else ""
    field = "spec.accelerator.partition" if accelerator.partition else "spec.accelerator.vendor"
    return (
        f"no node offers {resource}{there}",
        f"Correct {field}, add a node with {resource}, or see that its device plugin runs.",
    )


def _meets(node: Node, requirement: Manifest) -> bool:
    """Whether a node meets one expression of those that `node_requirements` makes: `In` and `Gt`."""
    label = node.labels.get(requirement["key"])
    if requirement["operator"] == "In":
        return label in requirement["values"]
    return label is not None and label.isdecimal() and int(label) > int(requirement["values"][0])


def _tally(values: Iterable[str]) -> str:
    counts = Counter(values)
    shown = [f"{quotable(value)} on {count} node{'' if count == 1 else 's'}" for value, count in _most(counts)]
    return f"; there is {', '.join(shown)}" if shown else ""


def _most(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_SHOWN]


def _offering(accelerator: Accelerator | None, nodes: Mapping[str, Node]) -> list[Node]:
    """The nodes that have such devices; all of them where that is no question, or where none has."""
    resource = resource_name(accelerator) if accelerator is not None else None
    return [node for node in nodes.values() if resource in node.allocatable] or list(nodes.values())


def untolerated(node: Node, spec: ModelServiceSpec) -> list[Taint]:
    """The taints by which a node keeps off the pods of a spec (whose podTemplate is not looked into)."""
    tolerated = {toleration.key or "" for toleration in spec.placement.tolerations}
    tolerated |= {str(toleration["key"]) for toleration in usual_tolerations(spec)}
    return [] if "" in tolerated else [taint for taint in node.taints if taint.key not in tolerated]


def _taints(spec: ModelServiceSpec, nodes: Mapping[str, Node]) -> list[str]:
    """The taints of nodes with such devices that the spec does not tolerate, the most frequent first."""
    found = (str(taint) for node in _offering(spec.accelerator, nodes) for taint in untolerated(node, spec))
    return [text for text, _ in _most(Counter(found))]
