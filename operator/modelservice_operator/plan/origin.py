"""Which field of the spec a field of a child comes from."""

from typing import Final

_CONTAINER: Final = "spec.template.spec.containers[0]."

_FETCH: Final = "spec.template.spec.initContainers[0]."

_ORIGINS: Final = (
    ("Deployment", f"{_CONTAINER}args", "spec.runtime.args"),
    ("Deployment", f"{_CONTAINER}command", "spec.runtime.command"),
    ("Deployment", f"{_CONTAINER}env", "spec.runtime.env"),
    ("Deployment", f"{_CONTAINER}image", "spec.runtime.image"),
    ("Deployment", f"{_CONTAINER}livenessProbe.httpGet", "spec.runtime.healthPath"),
    ("Deployment", f"{_CONTAINER}ports", "spec.runtime.port"),
    ("Deployment", f"{_CONTAINER}readinessProbe.httpGet", "spec.runtime.healthPath"),
    ("Deployment", f"{_CONTAINER}resources.limits[cpu]", "spec.resources.limits"),
    ("Deployment", f"{_CONTAINER}resources.limits[memory]", "spec.resources.limits"),
    ("Deployment", f"{_CONTAINER}resources.requests", "spec.resources.requests"),
    ("Deployment", f"{_CONTAINER}resources", "spec.accelerator"),
    ("Deployment", f"{_CONTAINER}startupProbe.httpGet", "spec.runtime.healthPath"),
    ("Deployment", f"{_FETCH}env", "spec.runtime.env"),
    ("Deployment", f"{_FETCH}image", "spec.runtime.image"),
    ("Deployment", "spec.progressDeadlineSeconds", "spec.rollout.progressDeadlineSeconds"),
    ("Deployment", "spec.replicas", "spec.replicas"),
    ("Deployment", "spec.template.spec.affinity", "spec.placement.affinity"),
    ("Deployment", "spec.template.spec.nodeSelector", "spec.placement.nodeSelector"),
    ("Deployment", "spec.template.spec.priorityClassName", "spec.placement.priorityClassName"),
    ("Deployment", "spec.template.spec.runtimeClassName", "spec.placement.runtimeClassName"),
    ("Deployment", "spec.template.spec.schedulerName", "spec.placement.schedulerName"),
    ("Deployment", "spec.template.spec.serviceAccountName", "spec.serviceAccountName"),
    ("Deployment", "spec.template.spec.tolerations", "spec.placement.tolerations"),
    ("Deployment", "spec.template.spec.volumes", "spec.model.uri"),
    ("HorizontalPodAutoscaler", "spec.behavior", "spec.scaling.behavior"),
    ("HorizontalPodAutoscaler", "spec.maxReplicas", "spec.scaling.maxReplicas"),
    ("HorizontalPodAutoscaler", "spec.metrics", "spec.scaling.metrics"),
    ("HorizontalPodAutoscaler", "spec.minReplicas", "spec.scaling.minReplicas"),
    ("Ingress", "metadata.annotations", "spec.endpoint.ingress.annotations"),
    ("Ingress", "spec.rules", "spec.endpoint.ingress.host"),
    ("Ingress", "spec.tls", "spec.endpoint.ingress.tls"),
    ("PodDisruptionBudget", "spec.maxUnavailable", "spec.disruption.maxUnavailable"),
    ("Service", "spec.ports", "spec.endpoint.port"),
)
"""Kind of the child, the beginning of a path in it, and what a user changes to change it."""


def origin_of(kind: str, field: str) -> str | None:
    """The field of a ModelService that decides a field of a child, such as `spec.template.spec.containers[0].env[3]`.

    None where no single field does.
    """
    for of_kind, prefix, origin in _ORIGINS:
        if kind == of_kind and field.startswith(prefix):
            return origin
    return None
