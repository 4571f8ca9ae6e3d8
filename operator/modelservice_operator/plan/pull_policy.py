"""When an image is pulled: the API server's default, written out.

The API server sets a default once, by the tag of that moment: an image that becomes `latest` later would not be pulled
again.
"""

import re
from typing import Final

from modelservice_operator.manifest import Manifest
from modelservice_operator.records.fields import text

_TAG: Final = re.compile(r":([\w][\w.-]*)$")


def pull_policy(image: str) -> str:
    """`Always` for the tag `latest`, also where it is only understood, else `IfNotPresent`.

    As SetDefaults_Container of k8s.io/kubernetes v1.36, pkg/apis/core/v1/defaults.go, for references that are valid.
    """
    name, _, image_digest = image.partition("@")
    tag = _TAG.search(name)
    latest = tag[1] == "latest" if tag else not image_digest
    return "Always" if latest else "IfNotPresent"


def with_pull_policies(template: Manifest) -> Manifest:
    """The pod template with a policy for each of its images that has none.

    What is of a wrong type stays as it is: the API server has the words for it.
    """
    pod = {**template["spec"]}
    for kind in ("initContainers", "containers"):
        if isinstance(pod.get(kind), list):
            pod[kind] = [_with_policy(container, "image", "imagePullPolicy") for container in pod[kind]]
    if isinstance(pod.get("volumes"), list):
        pod["volumes"] = [_volume(volume) for volume in pod["volumes"]]
    return {**template, "spec": pod}


def _volume(volume: object) -> object:
    if isinstance(volume, dict) and "image" in volume:
        return {**volume, "image": _with_policy(volume["image"], "reference", "pullPolicy")}
    return volume


def _with_policy(holder: object, image: str, policy: str) -> object:
    """The container or volume source with its policy, which stands beside the image for those who read it."""
    if not isinstance(holder, dict) or not text(holder, image) or holder.get(policy) not in (None, ""):
        return holder
    fields = [(field, part) for field, part in holder.items() if field != policy]
    place = 1 + [field for field, _ in fields].index(image)
    return dict([*fields[:place], (policy, pull_policy(holder[image])), *fields[place:]])
