"""MetricSpec, as `autoscaling/v2` has it."""

from typing import Annotated, Literal, TypeAlias

from modelservice_operator.api.base import Int32, Keywords, KubernetesType
from modelservice_operator.api.types.quantity import QUANTITY, QuantityText
from modelservice_operator.api.types.selector import LabelSelector

_Name: TypeAlias = Annotated[str, Keywords(maxLength=253)]


class MetricIdentifier(KubernetesType):
    """Which metric."""

    name: _Name
    selector: LabelSelector | None = None


class MetricTarget(KubernetesType):
    """The value that the autoscaler aims at."""

    type: Literal["Utilization", "Value", "AverageValue"]
    value: Annotated[QuantityText, QUANTITY] | None = None
    average_value: Annotated[QuantityText, QUANTITY] | None = None
    average_utilization: Int32 | None = None


class ResourceMetric(KubernetesType):
    """CPU or memory of all containers together."""

    name: _Name
    target: MetricTarget


class ContainerResourceMetric(KubernetesType):
    """CPU or memory of one container."""

    name: _Name
    container: Annotated[str, Keywords(maxLength=63)]
    target: MetricTarget


class PodsMetric(KubernetesType):
    """A metric of each pod, averaged."""

    metric: MetricIdentifier
    target: MetricTarget


class ObjectReference(KubernetesType):
    """The object that a metric describes."""

    api_version: _Name | None = None
    kind: _Name
    name: _Name


class ObjectMetric(KubernetesType):
    """A metric of another object of the namespace."""

    described_object: ObjectReference
    metric: MetricIdentifier
    target: MetricTarget


class ExternalMetric(KubernetesType):
    """A metric from outside the cluster."""

    metric: MetricIdentifier
    target: MetricTarget


class MetricSpec(KubernetesType):
    """One metric; of the sections that named as `type` is set."""

    type: Literal["Resource", "ContainerResource", "Pods", "Object", "External"]
    resource: ResourceMetric | None = None
    container_resource: ContainerResourceMetric | None = None
    pods: PodsMetric | None = None
    object: ObjectMetric | None = None
    external: ExternalMetric | None = None
