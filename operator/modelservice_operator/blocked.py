"""What keeps a ModelService from being brought about, beyond its pods. Pure."""

import random
import re
from typing import Final

from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.manifest import Manifest
from modelservice_operator.records.fields import items, text

POLL: Final = 30.0
"""Seconds between two looks at what no watch tells of, such as a foreign object, which lacks our label."""

_CONTAINER: Final = re.compile(r"\b((containers|initContainers)\[(\d+)\])")


class Blocked(Exception):
    """Something on the side of the cluster or of the spec stands in the way.

    `stalled` says that no retry repairs it before an input changes. `retry` is in seconds; None waits for an event.
    """

    def __init__(
        self, reason: Reason, message: str, remedy: str, *, stalled: bool = False, retry: float | None = None
    ) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message
        self.remedy = remedy
        self.stalled = stalled
        self.retry = retry


def poll_interval() -> float:
    """`POLL`, spread so that objects that were blocked together are not looked at together."""
    return POLL * random.uniform(0.9, 1.1)  # noqa: S311 (no cryptography)


def name_conflict(kind: str, namespace: str, name: str) -> Blocked:
    """An object of someone else has the name of a child."""
    what = f"{kind} {namespace}/{name}"
    return Blocked(
        Reason.NAME_CONFLICT,
        f"{what} exists and does not belong to this ModelService; it is left untouched.",
        f"Delete {what} if nothing needs it, or give this ModelService another name.",
        stalled=True,
        retry=poll_interval(),
    )


def predecessor(kind: str, name: str) -> Blocked:
    """A child of a deleted namesake is still there."""
    return Blocked(
        Reason.WAITING_FOR_PREDECESSOR,
        f"{kind} {name} still belongs to a deleted ModelService of the same name.",
        "Wait: the garbage collector deletes it.",
        retry=poll_interval(),
    )


def beyond_repair(kind: str, namespace: str, name: str, words: str) -> Blocked:
    """An intent that the API server took before is refused for what someone else has since done to the object."""
    return Blocked(
        Reason.CHILD_MODIFIED,
        f"{kind} {name} was changed by someone else and cannot be put right: {words}",
        f"Undo that change, or delete {kind} {namespace}/{name}: it is then created anew.",
        stalled=True,
    )


def of_pod_template(refusal: Blocked, intent: Manifest) -> Blocked:
    """The refusal of a child whose ModelService patches the pod template: of a Deployment nobody else can say why.

    The API server numbers the containers as they are after the merge, which is not the order of the patch.
    """
    if intent["kind"] != "Deployment" or refusal.reason is not Reason.INVALID_SPEC:
        return refusal
    pod = intent["spec"]["template"]["spec"]
    named = {}
    for place, field, number in _CONTAINER.findall(refusal.message):
        containers = items(pod, field)
        if int(number) < len(containers) and (name := text(containers[int(number)], "name")):
            named[place] = f" There, {place} is {name}."
    return Blocked(
        Reason.INVALID_POD_TEMPLATE,
        refusal.message,
        f"Correct spec.podTemplate, or another field of the spec that the message is about.{''.join(named.values())}",
        stalled=True,
    )


def being_deleted(kind: str, name: str) -> Blocked:
    """A child has a deletionTimestamp: nothing is applied to it any more."""
    return Blocked(
        Reason.WAITING_FOR_PREDECESSOR,
        f"{kind} {name} is being deleted.",
        "Wait: it is created anew once it is gone. If it stays, look at its finalizers.",
        retry=poll_interval(),
    )
