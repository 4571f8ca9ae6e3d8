"""No node takes a pod, because of what the nodes are: their labels, their taints, or that they are closed."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from modelservice_operator.api.accelerator import Accelerator
from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.diagnose.attribution import patch_of
from modelservice_operator.diagnose.finding import Finding
from modelservice_operator.diagnose.fitting import is_large_enough, is_open, matches, meets, untolerated
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.diagnose.scheduler import Verdict, read_verdict
from modelservice_operator.diagnose.unplaced import unplaced
from modelservice_operator.diagnose.words import quotable
from modelservice_operator.plan.devices import node_requirements, resource_name
from modelservice_operator.plan.errors import PlanError
from modelservice_operator.records.demands import Expression
from modelservice_operator.records.node import Node, Taint
from modelservice_operator.records.pod import Pod

_LABELS: Final = re.compile("node affinity|node selector|nodeSelector|didn't match NodeName", re.IGNORECASE)
_TAINT: Final = re.compile(r"taint")
_NAMED_TAINT: Final = re.compile(r"untolerated taint \{(?P<key>[^:}]+): ?(?P<value>[^}]*)\}")
_CLOSED: Final = re.compile(r"were unschedulable|is unschedulable")
_CONTROL_PLANE: Final = "node-role.kubernetes.io/"
_NODE_CONDITION: Final = "node.kubernetes.io/"
"""Taints that Kubernetes itself puts on nodes that are not well."""
_CORRECT: Final = (
    "Correct spec.accelerator.products, spec.accelerator.memory or spec.placement, or label a node accordingly."
)
_SHOWN: Final = 3


def no_matching_node(pod: Pod, spec: ModelServiceSpec, nodes: Mapping[str, Node]) -> Finding | None:
    """No node has the device, product, memory, partition or label that is asked for.

    Args:
        pod: the pod.
        spec: what was asked for; remedies name its fields.
        nodes: all nodes; empty where the operator may not read them.
    """
    verdict = _verdict(pod)
    if verdict is None or not verdict.saying(_LABELS):
        return None
    missing = _missing(pod, spec, nodes)
    if missing is None and _closed_ones_fit(verdict, pod, nodes):
        return None
    digest = quotable(verdict.digest(_LABELS))
    detail, remedy = missing or (digest, _CORRECT)
    absent = spec.accelerator is not None and detail.startswith("no node offers")
    reason = Reason.INSUFFICIENT_ACCELERATORS if absent else Reason.NO_MATCHING_NODE
    return unplaced(pod, reason, cause=detail if detail != digest else "", detail=detail, remedy=remedy)


def untolerated_taint(pod: Pod, nodes: Mapping[str, Node]) -> Finding | None:
    """Nodes that fit keep the pod off by a taint; where the nodes are not known, they may fit."""
    verdict = _verdict(pod)
    if verdict is None or not (said := verdict.saying(_TAINT)):
        return None
    named = [Taint(match["key"], match["value"]) for reason, _ in said if (match := _NAMED_TAINT.search(reason))]
    closed = [node for node in nodes.values() if not node.unschedulable and not is_open(node, pod) and _fits(node, pod)]
    if nodes and not closed:
        return None
    found = _frequent(closed, pod)
    taints = found or [str(taint) for taint in named]
    digest = quotable(verdict.digest(_TAINT))
    curable = [taint for taint in taints if _NODE_CONDITION not in taint]
    if taints and not curable:
        remedy = "Repair these nodes, or add others: kubectl get nodes"
    else:
        what = " or ".join(curable) if curable else "the taint of the nodes"
        remedy = f"Add a toleration for {quotable(what)} to spec.placement.tolerations, or add nodes without it."
    detail = f"nodes that fit are tainted {quotable(', '.join(found))} ({digest})" if found else digest
    return unplaced(pod, Reason.UNTOLERATED_TAINT, cause=",".join(taints), detail=detail, remedy=remedy)


def nodes_cordoned(pod: Pod, nodes: Mapping[str, Node]) -> Finding | None:
    """The nodes that fit are closed to new pods, as before maintenance; where the nodes are not known, they may fit."""
    verdict = _verdict(pod)
    if verdict is None or not verdict.saying(_CLOSED):
        return None
    closed = sorted(node.name for node in nodes.values() if node.unschedulable and _fits(node, pod))
    if nodes and not closed:
        return None
    digest = quotable(verdict.digest(_CLOSED))
    names = f"{', '.join(closed[:_SHOWN])}{' and others' if len(closed) > _SHOWN else ''}"
    return unplaced(
        pod,
        Reason.NODES_CORDONED,
        cause="",
        detail=f"{names} {'is' if len(closed) == 1 else 'are'} cordoned ({digest})" if closed else digest,
        remedy=f"Open a node again, or add one: kubectl uncordon {closed[0] if closed else 'NODE'}",
    )


def _verdict(pod: Pod) -> Verdict | None:
    return read_verdict(pod.unscheduled.message) if pod.unscheduled is not None else None


def _fits(node: Node, pod: Pod) -> bool:
    return is_large_enough(node, pod) and matches(node, pod)


def _closed_ones_fit(verdict: Verdict, pod: Pod, nodes: Mapping[str, Node]) -> bool:
    """Whether the nodes that are closed, by a taint or a cordon, are those that the pod is for.

    Where the nodes and the demands on them are known, some node meets them all. Elsewhere closed nodes are many, and
    none is one of the control plane, which is closed to everyone.
    """
    if nodes and (pod.demands.selector or pod.demands.terms):
        return any(matches(node, pod) for node in nodes.values())
    closed = [*verdict.saying(_TAINT), *verdict.saying(_CLOSED)]
    told = sum(count for reason, count in closed if _CONTROL_PLANE not in reason)
    return told > sum(count for _, count in verdict.saying(_LABELS))


def _missing(pod: Pod, spec: ModelServiceSpec, nodes: Mapping[str, Node]) -> tuple[str, str] | None:
    """The first demand that no node meets, and what to do; None where each is met by some node."""
    if not nodes:
        return None
    of_device = _of_device(spec)
    selector, others = pod.demands.selector, [each for each in pod.demands.always if each not in of_device]
    device = [each for each in of_device if each in pod.demands.always]
    return (
        _missing_label(selector, nodes, "Correct spec.placement.nodeSelector, or label a node.")
        or (_missing_device(spec.accelerator, device, nodes) if spec.accelerator is not None else None)
        or _missing_label(others, nodes, _affinity_remedy(spec))
    )


def _missing_label(asked: Iterable[Expression], nodes: Mapping[str, Node], remedy: str) -> tuple[str, str] | None:
    for each in asked:
        if any(meets(node, each) for node in nodes.values()):
            continue
        there = _tally(node.labels[each.key] for node in nodes.values() if each.key in node.labels)
        match each.operator:
            case "In":
                label = f"the label {quotable(each.key)}={quotable(' or '.join(each.values))}"
            case "Exists":
                label = f"the label {quotable(each.key)}"
            case _:
                asks = f"{each.operator} {', '.join(each.values)}"
                label = f"a label {quotable(each.key)} as asked for ({quotable(asks)})"
        return f"no node has {label}{there}", remedy
    return None


def _affinity_remedy(spec: ModelServiceSpec) -> str:
    written = spec.placement.affinity is not None or "affinity" in patch_of(spec)
    return "Correct spec.placement.affinity, or label a node." if written else _CORRECT


def _of_device(spec: ModelServiceSpec) -> list[Expression]:
    """What the accelerator demands of the labels of a node."""
    if spec.accelerator is None:
        return []
    try:
        return [Expression.from_manifest(each) for each in node_requirements(spec.accelerator)]
    except PlanError:
        return []


def _missing_device(
    accelerator: Accelerator, asked: Iterable[Expression], nodes: Mapping[str, Node]
) -> tuple[str, str] | None:
    resource = resource_name(accelerator)
    if resource is None:
        return None
    offering = [node for node in nodes.values() if resource in node.allocatable]
    if not offering:
        return _missing_resource(accelerator, resource, nodes)
    for each in asked:
        if any(meets(node, each) for node in offering):
            continue
        there = _tally(node.labels[each.key] for node in offering if each.key in node.labels)
        above = "above " if each.operator == "Gt" else ""
        field = "products" if each.operator == "In" and accelerator.products else "memory"
        return (
            f"no node with {resource} has the label {each.key} {above}{quotable(' or '.join(each.values))}{there}",
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


def _tally(values: Iterable[str]) -> str:
    counts = Counter(values)
    shown = [f"{quotable(value)} on {count} node{'' if count == 1 else 's'}" for value, count in _most(counts)]
    return f"; there is {', '.join(shown)}" if shown else ""


def _most(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_SHOWN]


def _frequent(nodes: Iterable[Node], pod: Pod) -> list[str]:
    """What keeps the pod off each node, the most frequent first: all of its taints would have to be tolerated."""
    found = (" and ".join(map(str, untolerated(node, pod))) for node in nodes)
    return [text for text, _ in _most(Counter(filter(None, found)))]
