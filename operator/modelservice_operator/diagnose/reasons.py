"""Every reason that a condition or a problem of a ModelService can have: one enumeration."""

from enum import StrEnum
from typing import Self


class Reason(StrEnum):
    """A CamelCase reason, and beside it what it means.

    The order is that of precedence, worst first. First what nobody but a person can repair, then what may pass by
    itself (a node, a registry, a full quota, busy devices), then the progress deadline, which is only a consequence.
    A reason that comes before another explains more: a pod waits for devices *because* a node was lost.
    """

    meaning: str

    def __new__(cls, value: str, meaning: str = "") -> Self:
        """`value` is what stands in the API; alone it looks a reason up."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    INVALID_SPEC = "InvalidSpec", "The spec asks for something that cannot be."
    INVALID_POD_TEMPLATE = "InvalidPodTemplate", "The patch in spec.podTemplate makes pods that cannot be."
    NAME_CONFLICT = "NameConflict", "An object of the name that a child needs belongs to someone else."
    CHILD_MODIFIED = "ChildModified", "Someone changed a child in a way that the operator cannot put right."
    FORBIDDEN = "Forbidden", "The operator may not do what it has to do."
    ADMISSION_DENIED = "AdmissionDenied", "An admission policy or webhook denies a child."
    REQUEST_FAILED = "RequestFailed", "The API server fails at a request of the operator, which is tried again."
    POD_SECURITY_VIOLATION = "PodSecurityViolation", "The namespace's Pod Security level forbids the pods."
    CONFIG_INVALID = "ConfigInvalid", "The pods, or a container in them, cannot be made from what was asked for."
    SECRET_NOT_FOUND = "SecretNotFound", "A Secret, or a key in it, that the pods refer to does not exist."
    IMAGE_NOT_FOUND = "ImageNotFound", "The image does not exist, or its name is wrong."
    IMAGE_UNAUTHORIZED = "ImageUnauthorized", "The registry does not give the image to these pods."
    OUT_OF_MEMORY = "OutOfMemory", "A container, or the whole node, ran out of host memory (not of device memory)."
    CRASH_LOOPING = "CrashLooping", "A container of the pods ends when it should run."
    NODE_LOST = "NodeLost", "The node that the pods run on does not answer, shuts down or is gone."
    REGISTRY_UNREACHABLE = "RegistryUnreachable", "The image could not be fetched, though it may well exist."
    QUOTA_EXCEEDED = "QuotaExceeded", "A ResourceQuota of the namespace leaves no room for the pods."
    INSUFFICIENT_ACCELERATORS = "InsufficientAccelerators", "No node has enough free devices for a pod."
    UNSCHEDULABLE = "Unschedulable", "No node takes the pods, for another reason than the devices."
    PROGRESS_DEADLINE_EXCEEDED = "ProgressDeadlineExceeded", "The replicas did not get ready in the time allowed."

    WAITING_FOR_PREDECESSOR = "WaitingForPredecessor", "Children of a deleted namesake have to go first."
    APPLYING = "Applying", "The last change has not been taken up yet."
    STARTING = "Starting", "The first replicas are starting."
    ROLLING_OUT = "RollingOut", "Replicas of a new revision replace the old ones."
    ROLLOUT_PAUSED = "RolloutPaused", "The rollout is paused."
    REPLICAS_NOT_READY = "ReplicasNotReady", "Some replicas are not ready yet."
    SCALING_DOWN = "ScalingDown", "Replicas that are no longer wanted are stopping."
    NO_REPLICA_SERVING = "NoReplicaServing", "No replica serves."
    REPLICA_SERVING = "ReplicaServing", "At least one replica serves."
    REPLICAS_READY = "ReplicasReady", "Every replica that was asked for serves."
    SUSPENDED = "Suspended", "The ModelService is suspended: no pods are wanted."
    SCALED_TO_ZERO = "ScaledToZero", "Zero replicas are asked for."
    AS_EXPECTED = "AsExpected", "Nothing is wrong."

    @property
    def precedence(self) -> int:
        """Lower is worse."""
        return _ORDER[self]


_ORDER = {reason: position for position, reason in enumerate(Reason)}
