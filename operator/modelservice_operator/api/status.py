"""The status of a ModelService, as the operator writes it."""

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field

from modelservice_operator.api.base import ApiModel, Int32, Int64, Keywords, list_map
from modelservice_operator.manifest import Manifest

MAX_MESSAGE: Final = 32768
"""Characters in a message or remedy; the API server refuses a status with a longer one."""
MAX_PROBLEMS: Final = 10
MAX_STARTS: Final = 5

Timestamp: TypeAlias = Annotated[str, Keywords(format="date-time")]
_Name: TypeAlias = Annotated[str, Keywords(maxLength=253)]
_Reference: TypeAlias = Annotated[str, Keywords(maxLength=1024)]
_Sentence: TypeAlias = Annotated[str, Keywords(maxLength=MAX_MESSAGE)]
_Reason: TypeAlias = Annotated[str, Keywords(maxLength=253)]
_Count: TypeAlias = Annotated[Int32, Field(ge=0)]


class Condition(ApiModel):
    """One verdict on the ModelService."""

    type: Annotated[str, Keywords(maxLength=316)]
    """What is judged: Ready (what was asked for is there), Available (at least one pod serves), Reconciling (a change
    is on its way), Stalled (nothing goes on until someone changes something)."""
    status: Literal["True", "False", "Unknown"]
    """The verdict: True, False or Unknown."""
    observed_generation: Annotated[Int64, Field(ge=0)] | None = None
    """The metadata.generation that was judged."""
    last_transition_time: Timestamp
    """When the status of this condition last changed."""
    reason: _Reason
    """Why, in one word for programs. Example: InsufficientAccelerators."""
    message: _Sentence
    """Why, in a sentence for people."""


class RuntimeStatus(ApiModel):
    """What runs in the pods of the desired revision."""

    name: _Name | None = None
    """Name of the runtime. Example: vllm."""
    image: _Reference | None = None
    """Container image of the server."""


class RevisionStatus(ApiModel):
    """Names of ControllerRevisions."""

    serving: _Name | None = None
    """The revision that was last completely ready."""
    desired: _Name | None = None
    """The revision that the spec asks for."""


class StartupPhases(ApiModel):
    """How long the phases of a start took, in whole seconds; those that are unknown, or were not, are absent."""

    scheduling_seconds: _Count | None = None
    """From the creation of the pod until it was bound to a node."""
    pulling_seconds: _Count | None = None
    """On the node, until its containers started: volumes, network and images."""
    fetching_seconds: _Count | None = None
    """While init containers ran, which fetch the model for engines that cannot."""
    loading_seconds: _Count | None = None
    """From the start of the server until the pod was ready. Engines that download the model themselves do so here."""


class Start(StartupPhases):
    """The start of one pod."""

    pod: _Name
    """Name of the pod."""
    ready_at: Timestamp
    """When it became ready."""


class StartupStatus(ApiModel):
    """Recent starts of pods of one revision, as far as the operator watched them and no container was restarted."""

    revision: _Name
    """The revision of these pods."""
    last: Start
    """The last start."""
    median: StartupPhases
    """The median of each phase, over the last start and the earlier ones."""
    earlier: Annotated[tuple[Start, ...], Keywords(maxItems=MAX_STARTS - 1)] = ()
    """The starts before the last one, at most 4, the latest first."""


class Problem(ApiModel):
    """Something that keeps the model from serving as asked."""

    reason: _Reason
    """The kind of problem, in one word for programs. Example: InsufficientAccelerators."""
    message: _Sentence
    """What is wrong, with the numbers that matter."""
    remedy: _Sentence | None = None
    """What to do about it."""
    pods: _Count | None = None
    """How many pods have this problem."""
    since: Timestamp | None = None
    """When it was first seen."""


class ModelServiceStatus(ApiModel):
    """What there is."""

    observed_generation: Annotated[Int64, Field(ge=0)] | None = None
    """The metadata.generation that this status is about. When it is lower than metadata.generation, the operator has
    not looked at the last change yet."""
    conditions: Annotated[tuple[Condition, ...], Keywords(maxItems=16), list_map("type")] = ()
    """The verdicts. Ready says whether what was asked for is there; "kubectl wait --for=condition=Ready" waits for
    it."""
    replicas: _Count | None = None
    """How many pods there are, of any revision."""
    ready_replicas: _Count | None = None
    """How many pods are ready, of any revision."""
    ready: Annotated[str, Keywords(maxLength=32)] | None = None
    """Ready pods and wanted pods, for people. Example: 1/2."""
    selector: _Reference | None = None
    """Label selector of the pods. "kubectl scale" and autoscalers use it."""
    url: _Reference | None = None
    """Where clients inside the cluster reach the model. Example: http://qwen3-8b.ml.svc/v1."""
    runtime: RuntimeStatus | None = None
    """What runs in the pods."""
    revision: RevisionStatus | None = None
    """The stored pod templates (ControllerRevisions) that matter now."""
    accelerators: Annotated[Int64, Field(ge=0)] | None = None
    """Devices that all wanted pods need together."""
    startup: StartupStatus | None = None
    """How long pods take to start. It changes only when another pod has started."""
    problems: Annotated[tuple[Problem, ...], Keywords(maxItems=MAX_PROBLEMS)] = ()
    """What is wrong and what to do about it, the worst first, at most 10. Empty when all is well."""


PENDING: Final[Manifest] = ModelServiceStatus(
    conditions=(
        Condition(
            type="Ready",
            status="Unknown",
            reason="Pending",
            message="The operator has not looked at this object yet. If this stays, check that the operator runs and "
            "watches this namespace.",
            last_transition_time="1970-01-01T00:00:00Z",
        ),
    ),
).model_dump(by_alias=True, exclude_unset=True, mode="json")
"""The schema's default. Without it, tools that wait for readiness believe a fresh object to be ready."""
