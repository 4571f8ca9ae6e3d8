"""The typed models of Kubernetes' client: they refuse unknown fields and wrong types, as the API server does."""

from typing import Any

from kubernetes import client

from modelservice_operator.manifest import Manifest

_MODELS: dict[str, Any] = {
    "ControllerRevision": client.V1ControllerRevision,
    "Deployment": client.V1Deployment,
    "HorizontalPodAutoscaler": client.V2HorizontalPodAutoscaler,
    "Ingress": client.V1Ingress,
    "PodDisruptionBudget": client.V1PodDisruptionBudget,
    "Service": client.V1Service,
}


def check_types(manifest: Manifest) -> None:
    """Raise for an object that is none of its kind."""
    _MODELS[manifest["kind"]].model_validate(manifest)
