"""Where the pods may run, as fields of a pod."""

from typing import Final

from modelservice_operator.accelerators.catalogue import BY_VENDOR
from modelservice_operator.api.placement import Placement
from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from modelservice_operator.plan.compact import without_empty_lists
from modelservice_operator.plan.devices import node_requirements

_TOPOLOGY_KEYS: Final = {"Node": "kubernetes.io/hostname", "Zone": "topology.kubernetes.io/zone"}
_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"


def placement(parent_name: str, spec: ModelServiceSpec) -> Manifest:
    """The user's demands, and those of the accelerator beside them; without fields that say nothing.

    Raises:
        PlanError: the nodes do not say what the accelerator is to be chosen by.
    """
    asked = spec.placement
    parts: Manifest = {
        "nodeSelector": asked.node_selector,
        "affinity": _affinity(spec),
        "tolerations": _tolerations(spec),
        "topologySpreadConstraints": _spread(parent_name, asked),
        "priorityClassName": asked.priority_class_name,
        "schedulerName": asked.scheduler_name,
        "runtimeClassName": asked.runtime_class_name,
    }
    return {field: part for field, part in parts.items() if part}


def usual_tolerations(spec: ModelServiceSpec) -> list[Manifest]:
    """Those of the taints that nodes with such devices usually have."""
    taints = BY_VENDOR[spec.accelerator.vendor].taints if spec.accelerator else ()
    return [{"key": taint, "operator": "Exists", "effect": "NoSchedule"} for taint in taints]


def _affinity(spec: ModelServiceSpec) -> Manifest:
    asked = spec.placement.affinity
    affinity = without_empty_lists(asked.model_dump(by_alias=True, exclude_none=True)) if asked else {}
    ours = node_requirements(spec.accelerator) if spec.accelerator else []
    if not ours:
        return affinity
    of_nodes = affinity.get("nodeAffinity", {})
    # One of the terms must hold, so what we demand belongs into each. A term that demands nothing matches no node.
    terms = [
        {**term, "matchExpressions": [*term.get("matchExpressions", []), *ours]} if term else term
        for term in of_nodes.get(_REQUIRED, {}).get("nodeSelectorTerms", [{"matchExpressions": []}])
    ]
    return {**affinity, "nodeAffinity": {**of_nodes, _REQUIRED: {"nodeSelectorTerms": terms}}}


def _tolerations(spec: ModelServiceSpec) -> list[Manifest]:
    """Nodes with devices are commonly tainted, to keep other pods away."""
    users = [asked.model_dump(by_alias=True, exclude_none=True) for asked in spec.placement.tolerations]
    return [*users, *(toleration for toleration in usual_tolerations(spec) if toleration not in users)]


def _spread(parent_name: str, asked: Placement) -> list[Manifest]:
    """A preference, counted within one ReplicaSet: the pods that a rollout replaces do not matter."""
    if asked.topology_spread in (None, "None"):
        return []
    return [
        {
            "maxSkew": 1,
            "topologyKey": _TOPOLOGY_KEYS[asked.topology_spread],
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": names.selector(parent_name)},
            "matchLabelKeys": ["pod-template-hash"],
        }
    ]
