"""The way out: a patch on the finished pod template, for everything that has no field of its own."""

from typing import Annotated, Final

from modelservice_operator.api.base import ApiModel, Keywords, Rule
from modelservice_operator.manifest import Manifest

NO_LABELS_OF_OURS: Final = Rule(
    "self.all(key, !key.startsWith('modelservice.dev/') && "
    "!(key in ['app.kubernetes.io/managed-by', 'app.kubernetes.io/name']))",
    "may not hold keys that begin with modelservice.dev/, nor app.kubernetes.io/managed-by and app.kubernetes.io/name, "
    "which are the operator's: choose another key",
    reason="FieldValueForbidden",
)

_Texts = Annotated[dict[str, Annotated[str, Keywords(maxLength=4096)]], Keywords(maxProperties=64)]


class PodTemplateMetadata(ApiModel):
    """Labels and annotations of the pods."""

    labels: (
        Annotated[dict[str, Annotated[str, Keywords(maxLength=63)]], Keywords(maxProperties=64), NO_LABELS_OF_OURS]
        | None
    ) = None
    """Labels that the pods get beside the operator's. Example: {team: search}."""
    annotations: _Texts | None = None
    """Annotations that the pods get. Example: {prometheus.io/scrape: "true"}."""


class PodTemplate(ApiModel):
    """A strategic-merge patch on the pod template."""

    metadata: PodTemplateMetadata | None = None
    """Labels and annotations of the pods."""
    spec: Manifest | None = None
    """Any part of a pod's spec, as kubectl patch takes it: lists are merged by their keys, such as containers by name
    (the server's is server), and "$patch: delete" or "$patch: replace" removes or replaces. Null is refused. Example:
    {containers: [{name: server, lifecycle: {preStop: {sleep: {seconds: 20}}}}]}."""
