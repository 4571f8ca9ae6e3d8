"""How an autoscaler changes the number of pods."""

from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field

from modelservice_operator.api.base import ApiModel, Int32, Keywords, Rule, list_map, validations
from modelservice_operator.api.types.behavior import Behavior
from modelservice_operator.api.types.metric import MetricSpec
from modelservice_operator.api.types.quantity import QuantityText

PERCENT: Final = "[1-9][0-9]{0,3}"

MIN_WITHIN_MAX: Final = Rule(
    "self.minReplicas <= self.maxReplicas",
    "may not be above maxReplicas: lower minReplicas or raise maxReplicas",
    field=".minReplicas",
)
SIGNAL_NEEDED: Final = Rule(
    "size(self.?targets.orValue([])) + size(self.?metrics.orValue([])) > 0",
    'must hold at least one target, or metrics one metric, for example targets: [{type: CPUUtilization, value: "80"}]',
    field=".targets",
    reason="FieldValueRequired",
)
PERCENTAGE: Final = Rule(
    f"string(self).matches('^{PERCENT}$')",
    'must be a whole number of percent from 1 to 9999, for example "80"',
)


class Target(ApiModel):
    """A signal, and the value at which the number of pods is right."""

    type: Literal["CPUUtilization", "MemoryUtilization"]
    """CPUUtilization or MemoryUtilization: what the server containers use, in percent of what they request."""
    value: Annotated[QuantityText, PERCENTAGE]
    """Percent, on the average of all pods. Example: "80"."""


class Scaling(ApiModel):
    """Between how many pods, and by what signals."""

    model_config = ConfigDict(json_schema_extra=validations(MIN_WITHIN_MAX, SIGNAL_NEEDED))

    min_replicas: Annotated[Int32, Field(ge=1)] = 1
    """Pods that always serve. Default: 1."""
    max_replicas: Annotated[Int32, Field(ge=1)]
    """Pods at most. Example: 8."""
    targets: Annotated[tuple[Target, ...], Keywords(maxItems=2), list_map("type")] = ()
    """Signals with their values; of all targets and metrics the one that asks for the most pods wins. Example:
    [{type: CPUUtilization, value: "80"}]."""
    metrics: Annotated[tuple[MetricSpec, ...], Keywords(maxItems=16)] = ()
    """Further signals, as the metrics of a HorizontalPodAutoscaler (autoscaling/v2), for whatever the cluster's metrics
    APIs serve."""
    behavior: Behavior | None = None
    """How fast the number of pods may grow and shrink, as the behavior of a HorizontalPodAutoscaler. Default: that of
    the cluster."""
