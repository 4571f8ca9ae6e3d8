"""HorizontalPodAutoscalerBehavior, as `autoscaling/v2` has it."""

from typing import Annotated, Literal

from pydantic import Field

from modelservice_operator.api.base import Int32, Keywords, KubernetesType
from modelservice_operator.api.types.quantity import QUANTITY, QuantityText


class ScalingPolicy(KubernetesType):
    """How many pods, or which share of them, may come or go in a period."""

    type: Literal["Pods", "Percent"]
    value: Annotated[Int32, Field(ge=1)]
    period_seconds: Annotated[Int32, Field(ge=1, le=1800)]


class ScalingRules(KubernetesType):
    """How the number of pods may move in one direction."""

    stabilization_window_seconds: Annotated[Int32, Field(ge=0, le=3600)] | None = None
    select_policy: Literal["Max", "Min", "Disabled"] | None = None
    policies: Annotated[tuple[ScalingPolicy, ...], Keywords(maxItems=16)] = ()
    tolerance: Annotated[QuantityText, QUANTITY] | None = None


class Behavior(KubernetesType):
    """How the number of pods may move, up and down."""

    scale_up: ScalingRules | None = None
    scale_down: ScalingRules | None = None
