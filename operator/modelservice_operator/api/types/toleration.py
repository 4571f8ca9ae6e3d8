"""Toleration, as `core/v1` has it."""

from typing import Literal

from modelservice_operator.api.base import Int64, KubernetesType
from modelservice_operator.api.types.selector import LabelKey, LabelValue


class Toleration(KubernetesType):
    """A taint that does not keep the pods away."""

    key: LabelKey | None = None
    operator: Literal["Exists", "Equal"] | None = None
    value: LabelValue | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    toleration_seconds: Int64 | None = None
