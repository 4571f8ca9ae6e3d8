"""The HorizontalPodAutoscaler of a ModelService."""

from typing import Final

from modelservice_operator.api.scaling import Scaling, Target
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from modelservice_operator.plan.compact import without_empty_lists
from modelservice_operator.plan.metadata import child_metadata
from modelservice_operator.quantity import InvalidQuantity, canonical_quantity
from modelservice_operator.records.parent import Parent

_RESOURCES: Final = {"CPUUtilization": "cpu", "MemoryUtilization": "memory"}
_QUANTITIES: Final = frozenset({"value", "averageValue", "tolerance"})


def autoscaler(parent: Parent, scaling: Scaling, template: Manifest) -> Manifest:
    """The HorizontalPodAutoscaler over the Deployment: targets in their order, then the metrics as they are given."""
    spec: Manifest = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": parent.name},
        "minReplicas": scaling.min_replicas,
        "maxReplicas": scaling.max_replicas,
        "metrics": [
            *map(_metric, scaling.targets),
            *(_given(metric.model_dump(by_alias=True, exclude_none=True)) for metric in scaling.metrics),
        ],
    }
    if scaling.behavior:
        behavior = without_empty_lists(scaling.behavior.model_dump(by_alias=True, exclude_none=True))
        spec["behavior"] = {way: _canonical(rules) for way, rules in behavior.items()}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": child_metadata(parent, parent.name, template),
        "spec": spec,
    }


def _metric(target: Target) -> Manifest:
    """Of the server container alone: one beside it without requests would fail a metric of the whole pod."""
    aim = {"type": "Utilization", "averageUtilization": int(target.value)}
    resource = {"name": _RESOURCES[target.type], "container": names.SERVER, "target": aim}
    return {"type": "ContainerResource", "containerResource": resource}


def _given(metric: Manifest) -> Manifest:
    """A metric of the user's: of its sections only the target holds quantities."""
    return {
        key: {**part, "target": _canonical(part["target"])} if isinstance(part, dict) else part
        for key, part in without_empty_lists(metric).items()
    }


def _canonical(fields: Manifest) -> Manifest:
    """Quantities as the API server prints them."""
    return {
        key: _quantity(value) if key in _QUANTITIES and isinstance(value, str) else value
        for key, value in fields.items()
    }


def _quantity(text: str) -> str:
    """In canonical form; what is no quantity, as only an old object can hold, is the API server's to refuse."""
    try:
        return canonical_quantity(text)
    except InvalidQuantity:
        return text
