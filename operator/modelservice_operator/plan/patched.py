"""The user's patch on a finished pod template, and what it may not take away."""

from modelservice_operator.api.pod_template import PodTemplate
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from modelservice_operator.plan.directives import MergeError
from modelservice_operator.plan.duplicates import duplicates
from modelservice_operator.plan.errors import InvalidPodTemplate
from modelservice_operator.plan.probes import PORT_NAME
from modelservice_operator.plan.strategic_merge import strategic_merge
from modelservice_operator.records.fields import items, section, text


def patched(template: Manifest, asked: PodTemplate, tolerations: list[Manifest]) -> Manifest:
    """The template with the patch merged into it.

    The labels by which pods are found stay as they are, and so do the tolerations of the accelerator's usual taints,
    which a list of the user's own would replace.

    Raises:
        InvalidPodTemplate: the patch cannot be merged, or an item stands twice in the result.
    """
    try:
        merged = strategic_merge(template, asked.model_dump(by_alias=True, exclude_none=True))
    except MergeError as error:
        raise InvalidPodTemplate(
            f"spec.podTemplate: {error.message}.",
            "Correct spec.podTemplate: it is a strategic merge patch, as kubectl patch takes it.",
        ) from error
    labels = template["metadata"]["labels"]
    metadata = merged.get("metadata") or {}
    pod = merged.get("spec") or {}
    given = pod.get("tolerations") or []
    if isinstance(given, list):
        missing = [toleration for toleration in tolerations if toleration not in given]
        pod = {**pod, "tolerations": [*given, *missing]} if given or missing else pod
    result: Manifest = {
        **merged,
        "metadata": {**metadata, "labels": {**(metadata.get("labels") or {}), **labels}},
        "spec": pod,
    }
    _refuse_without_server(result)
    twice = duplicates(result)
    if twice:
        raise InvalidPodTemplate(f"spec.podTemplate: {'; '.join(twice)}.", "Keep one of each in spec.podTemplate.")
    return result


def _refuse_without_server(template: Manifest) -> None:
    """Clients come by the Service to a port of a name: without it the model would look well and be out of reach."""
    containers = items(section(template, "spec"), "containers")
    server = next((container for container in containers if container.get("name") == names.SERVER), None)
    if server is None or not text(server, "image"):
        raise InvalidPodTemplate(
            f"spec.podTemplate: spec.containers: no container {names.SERVER} with an image is left.",
            f"Correct spec.podTemplate: keep the container {names.SERVER} and change it, or use spec.runtime.",
        )
    if not any(port.get("name") == PORT_NAME for found in containers for port in items(found, "ports")):
        raise InvalidPodTemplate(
            f"spec.podTemplate: spec.containers: no port is called {PORT_NAME}, to which the Service leads.",
            f"Correct spec.podTemplate: keep a port called {PORT_NAME} in the container that clients reach.",
        )
