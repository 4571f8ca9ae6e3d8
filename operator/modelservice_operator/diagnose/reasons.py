"""Every reason that a condition or a problem of a ModelService can have: one enumeration."""

from enum import StrEnum
from typing import Self


class Fixer(StrEnum):
    """Who can put a problem right."""

    USER = "user"
    """Whoever writes the ModelService and what it refers to."""
    ADMIN = "cluster admin"
    """Whoever runs the cluster: nodes, quotas, policies, registries."""
    WAIT = "wait"
    """It passes by itself as a rule; somebody is needed if it stays."""
    NOBODY = ""
    """Nothing is wrong."""


class Reason(StrEnum):
    """A CamelCase reason, and beside it who can put it right and what it means.

    The order is that of precedence, worst first. First what nobody but a person can repair, then what may pass by
    itself (a node, a registry, a full quota, busy devices), then the progress deadline, which is only a consequence.
    A reason that comes before another explains more: a pod waits for devices *because* a node was lost.
    """

    fixer: Fixer
    meaning: str

    def __new__(cls, value: str, fixer: Fixer = Fixer.NOBODY, meaning: str = "") -> Self:
        """`value` is what stands in the API; alone it looks a reason up."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.fixer = fixer
        member.meaning = meaning
        return member

    INVALID_SPEC = "InvalidSpec", Fixer.USER, "The spec asks for something that cannot be."
    INVALID_POD_TEMPLATE = (
        "InvalidPodTemplate",
        Fixer.USER,
        "The patch in spec.podTemplate makes pods that cannot be.",
    )
    NAME_CONFLICT = "NameConflict", Fixer.USER, "An object of the name that a child needs belongs to someone else."
    CHILD_MODIFIED = (
        "ChildModified",
        Fixer.USER,
        "Someone changed a child in a way that the operator cannot put right.",
    )
    FORBIDDEN = "Forbidden", Fixer.ADMIN, "The operator may not do what it has to do."
    ADMISSION_DENIED = (
        "AdmissionDenied",
        Fixer.USER,
        "An admission policy or webhook denies the pods or another child.",
    )
    REQUEST_FAILED = (
        "RequestFailed",
        Fixer.WAIT,
        "The API server fails at a request of the operator, which is tried again.",
    )

    POD_SECURITY_VIOLATION = (
        "PodSecurityViolation",
        Fixer.ADMIN,
        "The namespace's Pod Security level forbids the pods.",
    )
    LIMIT_RANGE_VIOLATION = (
        "LimitRangeViolation",
        Fixer.USER,
        "The pods ask for more, or for less, than a LimitRange of the namespace allows.",
    )
    SERVICE_ACCOUNT_NOT_FOUND = "ServiceAccountNotFound", Fixer.USER, "The ServiceAccount of the pods does not exist."
    PRIORITY_CLASS_NOT_FOUND = "PriorityClassNotFound", Fixer.USER, "The PriorityClass of the pods does not exist."
    RUNTIME_CLASS_NOT_FOUND = (
        "RuntimeClassNotFound",
        Fixer.USER,
        "The RuntimeClass of the pods does not exist, or the node does not know its handler.",
    )
    CONFIG_INVALID = (
        "ConfigInvalid",
        Fixer.USER,
        "The pods, or a container in them, cannot be made from what was asked for.",
    )
    SECRET_NOT_FOUND = (
        "SecretNotFound",
        Fixer.USER,
        "A Secret, or a key in it, that the pods refer to does not exist.",
    )
    CONFIG_MAP_NOT_FOUND = (
        "ConfigMapNotFound",
        Fixer.USER,
        "A ConfigMap, or a key in it, that the pods refer to does not exist.",
    )
    VOLUME_CLAIM_NOT_FOUND = (
        "VolumeClaimNotFound",
        Fixer.USER,
        "A PersistentVolumeClaim that the pods mount does not exist.",
    )
    RUNS_AS_ROOT = (
        "RunsAsRoot",
        Fixer.USER,
        "The image wants to run as root, and the pods must not (securityContext.runAsNonRoot).",
    )
    COMMAND_NOT_FOUND = "CommandNotFound", Fixer.USER, "The command is not in the image, or cannot be executed."
    INVALID_IMAGE_NAME = "InvalidImageName", Fixer.USER, "The name of the image is no image reference."
    IMAGE_NOT_FOUND = "ImageNotFound", Fixer.USER, "The registry does not have the image."
    IMAGE_UNAUTHORIZED = "ImageUnauthorized", Fixer.USER, "The registry does not give the image to these pods."
    IMAGE_NEVER_PULLED = (
        "ImageNeverPulled",
        Fixer.USER,
        "The image is not on the node, and the pull policy Never forbids to fetch it.",
    )

    MODEL_NOT_FOUND = "ModelNotFound", Fixer.USER, "The model is not where spec.model.uri says."
    MODEL_UNAUTHORIZED = (
        "ModelUnauthorized",
        Fixer.USER,
        "The model is gated or private, and the credentials do not open it.",
    )
    MODEL_REVISION_NOT_FOUND = "ModelRevisionNotFound", Fixer.USER, "The model has no such revision."
    MODEL_UNSUPPORTED = (
        "ModelUnsupported",
        Fixer.USER,
        "The engine does not know the model's architecture, quantization or task.",
    )
    REMOTE_CODE_REQUIRED = (
        "RemoteCodeRequired",
        Fixer.USER,
        "The model brings code of its own, which the engine runs only when told to.",
    )
    MODEL_FILES_INVALID = (
        "ModelFilesInvalid",
        Fixer.USER,
        "A file of the model is missing, damaged or of another format than the engine reads.",
    )
    INVALID_ARGUMENT = "InvalidArgument", Fixer.USER, "The engine does not know an argument, or not this value of it."
    PARALLELISM_INVALID = (
        "ParallelismInvalid",
        Fixer.USER,
        "The model cannot be divided by this number of devices.",
    )
    DEVICE_MEMORY_TOO_SMALL = (
        "DeviceMemoryTooSmall",
        Fixer.USER,
        "The memory of the device does not hold the weights and what the engine needs beside them.",
    )
    KV_CACHE_TOO_SMALL = (
        "KVCacheTooSmall",
        Fixer.USER,
        "What is left of the device's memory does not hold the KV cache of one request of full length.",
    )
    DEVICE_MEMORY_IN_USE = (
        "DeviceMemoryInUse",
        Fixer.ADMIN,
        "Another process holds memory of the device.",
    )
    DRIVER_TOO_OLD = (
        "DriverTooOld",
        Fixer.ADMIN,
        "The node's driver is too old for the image, or the device for its code.",
    )
    DEVICE_NOT_VISIBLE = (
        "DeviceNotVisible",
        Fixer.ADMIN,
        "The engine finds no device, or fewer than it was told to use.",
    )
    SHARED_MEMORY_TOO_SMALL = "SharedMemoryTooSmall", Fixer.USER, "The volume /dev/shm is too small for the engine."
    DISK_FULL = "DiskFull", Fixer.USER, "The volume that the model is written to is full."
    PATH_NOT_WRITABLE = "PathNotWritable", Fixer.USER, "The server may not write where it has to."
    ADDRESS_IN_USE = "AddressInUse", Fixer.USER, "The server's port is taken by another process in the pod."
    PORT_MISMATCH = "PortMismatch", Fixer.USER, "The server listens on another port than the probes ask."
    OUT_OF_MEMORY = (
        "OutOfMemory",
        Fixer.USER,
        "A container, or the whole node, ran out of host memory (not of device memory).",
    )
    COLLECTIVE_TIMEOUT = (
        "CollectiveTimeout",
        Fixer.ADMIN,
        "The devices of one replica do not reach each other (NCCL, RCCL, Gloo).",
    )
    STARTUP_TOO_SLOW = (
        "StartupTooSlow",
        Fixer.USER,
        "The server was restarted because it was not up within its start-up budget.",
    )
    LIVENESS_PROBE_FAILED = (
        "LivenessProbeFailed",
        Fixer.USER,
        "The server was restarted because it did not answer its liveness probe.",
    )
    MODEL_DOWNLOAD_FAILED = (
        "ModelDownloadFailed",
        Fixer.WAIT,
        "The model's source is out of reach, too slow or overloaded.",
    )
    CRASH_LOOPING = "CrashLooping", Fixer.USER, "A container of the pods ends when it should run."
    DEVICE_UNHEALTHY = "DeviceUnhealthy", Fixer.ADMIN, "A device of the pods reports that it is not healthy."
    NODE_LOST = "NodeLost", Fixer.ADMIN, "The node that the pods run on does not answer or is gone."
    NODE_SHUTDOWN = "NodeShutdown", Fixer.WAIT, "The node shuts down and has ended the pods."
    EVICTED = "Evicted", Fixer.USER, "The node ended the pods because a resource, or a limit of theirs, was used up."
    POD_REJECTED = "PodRejected", Fixer.ADMIN, "The kubelet of the chosen node did not let the pods in."
    PREEMPTED = "Preempted", Fixer.WAIT, "The scheduler ended the pods to make room for more important ones."
    NODE_DISK_FULL = "NodeDiskFull", Fixer.ADMIN, "The node has no room for the image."
    VOLUME_MOUNT_FAILED = "VolumeMountFailed", Fixer.ADMIN, "A volume cannot be attached or mounted."
    SANDBOX_FAILED = "SandboxFailed", Fixer.ADMIN, "The node cannot set up the pods' network or sandbox."
    NOT_READY = "NotReady", Fixer.USER, "The server runs and does not answer its readiness probe."
    REGISTRY_UNREACHABLE = (
        "RegistryUnreachable",
        Fixer.WAIT,
        "The image could not be fetched, though it may well exist.",
    )
    REGISTRY_RATE_LIMITED = "RegistryRateLimited", Fixer.WAIT, "The registry limits the rate of requests."
    QUOTA_EXCEEDED = "QuotaExceeded", Fixer.ADMIN, "A ResourceQuota of the namespace leaves no room for the pods."
    INSUFFICIENT_ACCELERATORS = (
        "InsufficientAccelerators",
        Fixer.ADMIN,
        "No node has enough free devices for a pod.",
    )
    NO_MATCHING_NODE = (
        "NoMatchingNode",
        Fixer.USER,
        "No node has the product, memory, partition or label that is asked for.",
    )
    UNTOLERATED_TAINT = "UntoleratedTaint", Fixer.USER, "The nodes have a taint that the pods do not tolerate."
    INSUFFICIENT_RESOURCES = (
        "InsufficientResources",
        Fixer.USER,
        "No node has enough free CPU, memory or disk for a pod.",
    )
    TOO_MANY_PODS = "TooManyPods", Fixer.ADMIN, "The nodes run as many pods as they may."
    TOPOLOGY_UNSATISFIABLE = (
        "TopologyUnsatisfiable",
        Fixer.USER,
        "No node satisfies the rules on how pods spread or keep together.",
    )
    VOLUME_UNAVAILABLE = (
        "VolumeUnavailable",
        Fixer.ADMIN,
        "A PersistentVolumeClaim is not bound, or its volume is out of reach of the nodes.",
    )
    DEVICE_CLAIM_PENDING = "DeviceClaimPending", Fixer.ADMIN, "A ResourceClaim is not allocated."
    NODES_CORDONED = "NodesCordoned", Fixer.ADMIN, "The only nodes that fit are closed to new pods."
    SCHEDULING_GATED = "SchedulingGated", Fixer.WAIT, "Someone, such as a queue, has not let the pods through yet."
    SCHEDULER_NOT_FOUND = (
        "SchedulerNotFound",
        Fixer.USER,
        "No scheduler takes up the pods: the one that they ask for does not run.",
    )
    UNSCHEDULABLE = "Unschedulable", Fixer.ADMIN, "No node takes the pods, for a reason that has no name here."
    ROLLOUT_BLOCKED = (
        "RolloutBlocked",
        Fixer.USER,
        "The pods of the new revision find no place while those of the old one hold it.",
    )
    PROGRESS_DEADLINE_EXCEEDED = (
        "ProgressDeadlineExceeded",
        Fixer.USER,
        "The replicas did not get ready in the time allowed.",
    )

    WAITING_FOR_PREDECESSOR = (
        "WaitingForPredecessor",
        Fixer.NOBODY,
        "Children of a deleted namesake have to go first.",
    )
    APPLYING = "Applying", Fixer.NOBODY, "The last change has not been taken up yet."
    STARTING = "Starting", Fixer.NOBODY, "The first replicas are starting."
    ROLLING_OUT = "RollingOut", Fixer.NOBODY, "Replicas of a new revision replace the old ones."
    ROLLOUT_PAUSED = "RolloutPaused", Fixer.NOBODY, "The rollout is paused."
    REPLICAS_NOT_READY = "ReplicasNotReady", Fixer.NOBODY, "Some replicas are not ready yet."
    SCALING_DOWN = "ScalingDown", Fixer.NOBODY, "Replicas that are no longer wanted are stopping."
    NO_REPLICA_SERVING = "NoReplicaServing", Fixer.NOBODY, "No replica serves."
    REPLICA_SERVING = "ReplicaServing", Fixer.NOBODY, "At least one replica serves."
    REPLICAS_READY = "ReplicasReady", Fixer.NOBODY, "Every replica that was asked for serves."
    SUSPENDED = "Suspended", Fixer.NOBODY, "The ModelService is suspended: no pods are wanted."
    SCALED_TO_ZERO = "ScaledToZero", Fixer.NOBODY, "Zero replicas are asked for."
    AS_EXPECTED = "AsExpected", Fixer.NOBODY, "Nothing is wrong."

    @property
    def precedence(self) -> int:
        """Lower is worse."""
        return _ORDER[self]

    @property
    def is_problem(self) -> bool:
        """Something is wrong; else the reason names a state."""
        return self.fixer is not Fixer.NOBODY


_ORDER = {reason: position for position, reason in enumerate(Reason)}
