"""LabelSelector, as `meta/v1` has it."""

from typing import Annotated, Literal, TypeAlias

from modelservice_operator.api.base import Keywords, KubernetesType

LabelKey: TypeAlias = Annotated[str, Keywords(maxLength=317)]
"""A label's prefix of at most 253 characters, a slash and a name of at most 63."""
LabelValue: TypeAlias = Annotated[str, Keywords(maxLength=63)]
Labels: TypeAlias = Annotated[dict[str, LabelValue], Keywords(maxProperties=64)]


class LabelSelectorRequirement(KubernetesType):
    """One demand on a label."""

    key: LabelKey
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: Annotated[tuple[LabelValue, ...], Keywords(maxItems=64)] = ()


class LabelSelector(KubernetesType):
    """Demands on labels, all of which must hold."""

    match_labels: Labels | None = None
    match_expressions: Annotated[tuple[LabelSelectorRequirement, ...], Keywords(maxItems=64)] = ()
