"""A ModelService as its user wrote it."""

from typing import Final

from modelservice_operator.manifest import Manifest
from modelservice_operator.records.fields import section

LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
"""Annotation in which `kubectl apply` keeps what it was given."""


def written(manifest: Manifest) -> Manifest:
    """Name, labels, annotations and spec, without what the API server and kubectl add."""
    metadata = section(manifest, "metadata")
    annotations = {key: text for key, text in section(metadata, "annotations").items() if key != LAST_APPLIED}
    kept = {"labels": section(metadata, "labels"), "annotations": annotations}
    return {
        "apiVersion": manifest["apiVersion"],
        "kind": manifest["kind"],
        "metadata": {key: metadata[key] for key in ("name", "namespace")} | {key: v for key, v in kept.items() if v},
        "spec": section(manifest, "spec"),
    }
