"""Where the pods of a model may run."""

from typing import Annotated, Final, Literal

from modelservice_operator.api.base import ApiModel, Keywords, Rule, matches
from modelservice_operator.api.names import DNS_SUBDOMAIN
from modelservice_operator.api.types.affinity import Affinity
from modelservice_operator.api.types.selector import Labels
from modelservice_operator.api.types.toleration import Toleration


def _name_of(kind: str, example: str) -> Rule:
    return Rule(
        f"self == '' || {matches(DNS_SUBDOMAIN)}",
        f"must be the name of a {kind}: lower-case letters, digits, '-' and '.', for example {example}",
    )


PRIORITY_CLASS: Final = _name_of("PriorityClass", "production")
SCHEDULER: Final = _name_of("scheduler", "volcano")
RUNTIME_CLASS: Final = _name_of("RuntimeClass", "nvidia")


class Placement(ApiModel):
    """Where the pods may run."""

    node_selector: Labels | None = None
    """Labels that a node must have. Example: {topology.kubernetes.io/zone: eu-1a}."""
    tolerations: Annotated[tuple[Toleration, ...], Keywords(maxItems=64)] = ()
    """Taints that do not keep the pods away, as in a pod. Those that are usual for the accelerator are tolerated
    anyway. Example: [{key: dedicated, operator: Equal, value: inference, effect: NoSchedule}]."""
    affinity: Affinity | None = None
    """Demands on nodes and on other pods, as in a pod. What the accelerator demands of a node holds besides."""
    topology_spread: Literal["Node", "Zone", "None"] | None = None
    """Spread the pods over nodes (Node) or zones (Zone) where there is room; a pod that cannot be spread starts
    nevertheless. Default: None."""
    priority_class_name: Annotated[str, Keywords(maxLength=253), PRIORITY_CLASS] | None = None
    """PriorityClass of the pods. Default: that of the cluster. Example: production."""
    scheduler_name: Annotated[str, Keywords(maxLength=253), SCHEDULER] | None = None
    """Scheduler of the pods. Default: that of the cluster. Example: volcano."""
    runtime_class_name: Annotated[str, Keywords(maxLength=253), RUNTIME_CLASS] | None = None
    """RuntimeClass of the pods, where the devices need one. Default: that of the node. Example: nvidia."""
