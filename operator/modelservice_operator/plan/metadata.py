"""Metadata of the children."""

from modelservice_operator import api
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from modelservice_operator.records.parent import Parent


def child_metadata(parent: Parent, name: str, template: Manifest) -> Manifest:
    """Name, namespace, labels and owner of a child; what an object of a file does not know is left out.

    `template` is the pod template of the desired revision, whose label names the runtime.
    """
    metadata: Manifest = {"name": name}
    if parent.namespace:
        metadata["namespace"] = parent.namespace
    metadata["labels"] = names.child_labels(parent.name, _runtime_name(template))
    if parent.uid:
        metadata["ownerReferences"] = [_controller(parent)]
    return metadata


def _runtime_name(template: Manifest) -> str:
    labels: dict[str, str] = template.get("metadata", {}).get("labels", {})
    return labels.get(names.RUNTIME, "")


def _controller(parent: Parent) -> Manifest:
    """Without `blockOwnerDeletion`, which needs a grant on finalizers where owner references are enforced."""
    return {
        "apiVersion": api.API_VERSION,
        "kind": api.KIND,
        "name": parent.name,
        "uid": parent.uid,
        "controller": True,
    }
