"""The user's patch on a finished pod template, and what it may not take away."""

from modelservice_operator.api.pod_template import PodTemplate
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.directives import MergeError
from modelservice_operator.plan.duplicates import duplicates
from modelservice_operator.plan.errors import InvalidPodTemplate
from modelservice_operator.plan.strategic_merge import strategic_merge


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
    missing = [toleration for toleration in tolerations if toleration not in given]
    result: Manifest = {
        **merged,
        "metadata": {**metadata, "labels": {**(metadata.get("labels") or {}), **labels}},
        "spec": {**pod, "tolerations": [*given, *missing]} if given or missing else pod,
    }
    twice = duplicates(result)
    if twice:
        raise InvalidPodTemplate(f"spec.podTemplate: {'; '.join(twice)}.", "Keep one of each in spec.podTemplate.")
    return result
