"""Whether a node could take a pod, whatever others hold there: its labels, its size, and whether it is open to it."""

from decimal import Decimal
from typing import Final

from modelservice_operator.quantity import is_quantity, parse_quantity
from modelservice_operator.records.demands import Expression, Toleration
from modelservice_operator.records.node import Node, Taint
from modelservice_operator.records.pod import Pod

_DIGITS: Final = 20
"""Numbers that Kubernetes compares have less."""
_CORDON: Final = Taint("node.kubernetes.io/unschedulable", "", "NoSchedule")
"""As which the scheduler takes a cordon."""


def matches(node: Node, pod: Pod) -> bool:
    """The node is what the pod asks for by labels. What cannot be told counts as met."""
    demands = pod.demands
    if not all(meets(node, each) for each in demands.selector):
        return False
    return not demands.terms or any(term and all(meets(node, each) for each in term) for term in demands.terms)


def meets(node: Node, expression: Expression) -> bool:
    """Whether a node meets one expression; one that is not understood counts as met."""
    label = node.labels.get(expression.key)
    match expression.operator:
        case "In":
            return label in expression.values
        case "NotIn":
            return label not in expression.values
        case "Exists":
            return label is not None
        case "DoesNotExist":
            return label is None
        case "Gt" | "Lt":
            bound, has = _number(next(iter(expression.values), "")), _number(label or "")
            if bound is None:
                return True
            return has is not None and (has > bound if expression.operator == "Gt" else has < bound)
        case _:
            return True


def is_large_enough(node: Node, pod: Pod) -> bool:
    """The node has, used or not, what the pod asks for. Where it does not say how much it has, it may."""
    return has_devices(node, pod) and all(
        (has := offer(node, resource)) is None or has >= need for resource, need in pod.requests
    )


def has_devices(node: Node, pod: Pod) -> bool:
    """The node has, used or not, as many devices as the pod asks for."""
    return all(node.allocatable.get(resource, 0) >= count for resource, count in pod.devices)


def is_open(node: Node, pod: Pod) -> bool:
    """Neither its kubelet, nor a cordon, nor a taint keeps the pod off."""
    closed = node.unschedulable and not any(_tolerates(each, _CORDON) for each in pod.demands.tolerations)
    return node.ready and not closed and not untolerated(node, pod)


def untolerated(node: Node, pod: Pod) -> list[Taint]:
    """The taints by which a node keeps the pod off."""
    tolerations = pod.demands.tolerations
    return [taint for taint in node.taints if not any(_tolerates(each, taint) for each in tolerations)]


def offer(node: Node, resource: str) -> Decimal | None:
    """How much CPU or memory pods can have, used or not; None where it is not known."""
    text = {"cpu": node.cpu, "memory": node.memory}.get(resource, "")
    return parse_quantity(text) if is_quantity(text) else None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < _DIGITS else None


def _tolerates(toleration: Toleration, taint: Taint) -> bool:
    # Operators other than these compare numbers. They count as tolerating, for want of knowing.
    if toleration.effect not in ("", taint.effect) or toleration.key not in ("", taint.key):
        return False
    return toleration.operator not in ("", "Equal") or toleration.value == taint.value
