"""Affinity, as `core/v1` has it."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from modelservice_operator.api.base import Int32, Keywords, KubernetesType
from modelservice_operator.api.types.selector import LabelKey, LabelSelector

_Name: TypeAlias = Annotated[str, Keywords(maxLength=253)]


class NodeSelectorRequirement(KubernetesType):
    """One demand on a label or field of a node."""

    key: LabelKey
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]
    values: Annotated[tuple[Annotated[str, Keywords(maxLength=253)], ...], Keywords(maxItems=64)] = ()


class NodeSelectorTerm(KubernetesType):
    """Demands on a node, all of which must hold."""

    match_expressions: Annotated[tuple[NodeSelectorRequirement, ...], Keywords(maxItems=64)] = ()
    match_fields: Annotated[tuple[NodeSelectorRequirement, ...], Keywords(maxItems=64)] = ()


class NodeSelector(KubernetesType):
    """Terms, one of which must hold."""

    node_selector_terms: Annotated[tuple[NodeSelectorTerm, ...], Keywords(maxItems=32, minItems=1)]


class PreferredSchedulingTerm(KubernetesType):
    """A term that a node should keep, and how much that weighs."""

    weight: Annotated[Int32, Field(ge=1, le=100)]
    preference: NodeSelectorTerm


class NodeAffinity(KubernetesType):
    """On which nodes."""

    required_during_scheduling_ignored_during_execution: NodeSelector | None = None
    preferred_during_scheduling_ignored_during_execution: Annotated[
        tuple[PreferredSchedulingTerm, ...], Keywords(maxItems=32)
    ] = ()


class PodAffinityTerm(KubernetesType):
    """Other pods, and what counts as being in one place with them."""

    label_selector: LabelSelector | None = None
    topology_key: LabelKey
    namespaces: Annotated[tuple[_Name, ...], Keywords(maxItems=64)] = ()
    namespace_selector: LabelSelector | None = None
    match_label_keys: Annotated[tuple[LabelKey, ...], Keywords(maxItems=16)] = ()
    mismatch_label_keys: Annotated[tuple[LabelKey, ...], Keywords(maxItems=16)] = ()


class WeightedPodAffinityTerm(KubernetesType):
    """A term, and how much it weighs."""

    weight: Annotated[Int32, Field(ge=1, le=100)]
    pod_affinity_term: PodAffinityTerm


class PodAffinity(KubernetesType):
    """Beside which other pods, or away from which."""

    required_during_scheduling_ignored_during_execution: Annotated[
        tuple[PodAffinityTerm, ...], Keywords(maxItems=32)
    ] = ()
    preferred_during_scheduling_ignored_during_execution: Annotated[
        tuple[WeightedPodAffinityTerm, ...], Keywords(maxItems=32)
    ] = ()


class Affinity(KubernetesType):
    """On which nodes, beside which pods, away from which pods."""

    node_affinity: NodeAffinity | None = None
    pod_affinity: PodAffinity | None = None
    pod_anti_affinity: PodAffinity | None = None
