"""What is wrong with one pod."""

from dataclasses import dataclass

from modelservice_operator.diagnose.reasons import Reason


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer of a policy.

    The sentence is made from the parts, so that it fits any number of pods: "2 of 3 pods `happened`: each `need`;
    `detail`." No part holds anything that moves while the cause stays (restart counts, ages, generated names).
    """

    reason: Reason
    cause: tuple[str, ...]
    """What makes two findings of one reason the same problem; texts may differ."""
    happened: str
    """Said of one pod or of many alike, such as "cannot be scheduled"."""
    detail: str
    remedy: str
    """One next step, a whole sentence."""
    need: str = ""
    """Said of one such pod, such as "needs 8 nvidia.com/gpu"."""
    since: str = ""
    """RFC 3339; empty where unknown."""
    pod: str = ""
    """Name of the pod; empty where there is none."""
    pods: int = 1
    """How many pods are concerned: more than one only where there is no pod object to count."""
