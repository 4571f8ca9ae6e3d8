"""The PodDisruptionBudget of a ModelService."""

from modelservice_operator.api.disruption import Disruption
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from modelservice_operator.plan.metadata import child_metadata
from modelservice_operator.records.parent import Parent


def disruption_budget(parent: Parent, disruption: Disruption, template: Manifest) -> Manifest:
    """The PodDisruptionBudget over the model's pods. Pods that are not ready never hold up the drain of a node."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": child_metadata(parent, parent.name, template),
        "spec": {
            "maxUnavailable": _count(disruption.max_unavailable),
            "selector": {"matchLabels": names.selector(parent.name)},
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    }


def _count(asked: int | str) -> int | str:
    """A number that was written as text is a number: the API server takes text for a percentage."""
    return int(asked) if isinstance(asked, str) and asked.isdigit() else asked
