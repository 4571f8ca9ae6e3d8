"""Everything that the status of a ModelService is computed from. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from modelservice_operator import conditions
from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.blocked import Blocked
from modelservice_operator.cluster.store import Family
from modelservice_operator.diagnose.explain import explain
from modelservice_operator.diagnose.failure import has_failed
from modelservice_operator.diagnose.problem import Problem
from modelservice_operator.manifest import Manifest
from modelservice_operator.observe import Observation, observe
from modelservice_operator.plan import names
from modelservice_operator.plan.replicas import least_replicas, wanted_replicas
from modelservice_operator.plan.service import url
from modelservice_operator.plan.startup import budget_seconds
from modelservice_operator.records.fields import items, section, text
from modelservice_operator.records.node import Node
from modelservice_operator.records.parent import Parent
from modelservice_operator.records.pod import Pod
from modelservice_operator.runtimes.runtime import Runtime
from modelservice_operator.startup import starts, under_way
from modelservice_operator.timeline import Span, Start


@dataclass(frozen=True, slots=True)
class Desired:
    """The revision that is asked for, and what a status tells of its stored pod template."""

    name: str
    """Of its ControllerRevision."""
    hash: str
    """By which its pods are labelled."""
    runtime: str
    image: str
    """Of the server container."""

    @classmethod
    def of(cls, name: str, template: Manifest) -> "Desired":
        """The revision called `name` that stores this template."""
        labels = section(section(template, "metadata"), "labels")
        containers = items(section(template, "spec"), "containers")
        image = next((text(found, "image") for found in containers if found.get("name") == names.SERVER), "")
        return cls(name, labels.get(names.REVISION, ""), labels.get(names.RUNTIME, ""), image)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far a ModelService could be brought."""

    spec: ModelServiceSpec | None = None
    """None when it cannot be read."""
    desired: Desired | None = None
    """None when nothing could be rendered or stored."""
    blocked: Blocked | None = None
    children: frozenset[tuple[str, str]] = frozenset()
    """Kind and name of what should exist beside the revisions."""


@dataclass(frozen=True, slots=True)
class Serving:
    """What is asked to run, and how clients reach it."""

    revision: str
    runtime: str
    image: str
    url: str | None
    """None until the Service exists."""
    devices: int
    """Accelerators that all wanted replicas need together."""
    startup_seconds: int
    """How long a replica may take to download and load the model."""


@dataclass(frozen=True, slots=True)
class Situation:
    """A ModelService and all that is known of it."""

    parent: Parent
    observation: Observation
    problems: tuple[Problem, ...] = ()
    serving: Serving | None = None
    """None when nothing could be rendered: what the status said of it before is kept."""
    blocked: Blocked | None = None
    scaled: bool = False
    """An autoscaler moves the number of replicas."""
    suspended: bool = False
    paused: bool = False
    under_way: Span | None = None
    """What the pods of the desired revision are at, while it is not complete."""
    starts: tuple[Start, ...] = ()
    """The latest starts of its pods that were watched and that the status does not know of."""

    unsteady: int = 0
    """How many pods that serve have crashed so lately that they do not count as recovered."""
    least: int = 0
    """As many pods must serve for the ModelService to be Ready."""

    @property
    def serves(self) -> bool:
        """What was asked for is there, and not for a moment between two crashes alone."""
        there = self.blocked is None and self.observation.complete
        return there and self.observation.available - self.unsteady >= self.least


def _is_whole(observation: Observation, blocked: Blocked | None) -> bool:
    return blocked is None and observation.complete and observation.available >= observation.wanted


def _unsteady(pods: Iterable[Pod], revision: str | None, available: int, now: str) -> int:
    """How many of the pods that count as `available` have crashed lately. Of a crash the Deployment hears late."""
    ours = [pod for pod in pods if pod.controlled and pod.revision == revision and not pod.deleting]
    ready = [pod for pod in ours if pod.ready]
    down = sum(has_failed(pod, now) for pod in ours if not pod.ready)
    return sum(has_failed(pod, now) for pod in ready) + min(down, max(0, available - len(ready)))


def situate(
    parent: Parent,
    family: Family,
    nodes: Mapping[str, Node],
    runtimes: Mapping[str, Runtime],
    outcome: Outcome,
    now: str,
) -> Situation:
    """Put together what a ModelService asks for, how far it came, and what its children say. `now` is RFC 3339."""
    spec, desired = outcome.spec, outcome.desired
    deployment = family.deployment if family.has_own("Deployment", parent) else None
    wanted = wanted_replicas(spec, deployment) if spec is not None else _raw_replicas(parent)
    least = least_replicas(spec, wanted) if spec is not None else None
    revision = desired.hash if desired is not None else None
    observation = observe(wanted, deployment, revision, least=least, was_ready=_was_ready(parent, desired))
    pods = family.pods.values() if revision is not None else ()
    problems: tuple[Problem, ...] = ()
    if spec is not None and not _is_whole(observation, outcome.blocked):
        problems = explain(spec, family.pods.values(), deployment, nodes, now)
    elif spec is not None and wanted > 0:
        # What is wrong with other pods is of no interest. Of a crash the Deployment hears a moment later.
        ours = [pod for pod in pods if pod.phase == "Running" and pod.revision == revision and not pod.deleting]
        problems = explain(spec, ours, None, nodes, now)
    return Situation(
        parent=parent,
        observation=observation,
        problems=problems,
        serving=_serving(parent, spec, family, desired, runtimes, wanted)
        if spec is not None and desired is not None
        else None,
        blocked=outcome.blocked,
        unsteady=_unsteady(pods, revision, observation.available, now),
        least=wanted if least is None else least,
        scaled=spec is not None and spec.scaling is not None,
        suspended=spec is not None and spec.suspend,
        paused=spec is not None and spec.rollout.paused,
        under_way=None if observation.complete else under_way(pods, revision or "", observation.ready),
        starts=starts(pods, revision or "", observation.ready, parent.status.get("startup") or {}),
    )


def _serving(
    parent: Parent,
    spec: ModelServiceSpec,
    family: Family,
    desired: Desired,
    runtimes: Mapping[str, Runtime],
    wanted: int,
) -> Serving:
    exists = family.has_own("Service", parent)
    return Serving(
        revision=desired.name,
        runtime=desired.runtime,
        image=desired.image,
        url=url(parent, spec, runtimes.get(desired.runtime)) if exists else None,
        devices=spec.accelerator.count * wanted if spec.accelerator else 0,
        startup_seconds=budget_seconds(spec.model.size if spec.model else None),
    )


def _was_ready(parent: Parent, desired: Desired | None) -> bool:
    """The status says so, of this spec and of the revision that is asked for."""
    judged = parent.status.get("observedGeneration") == parent.generation
    served = desired is not None and parent.serving_revision == desired.name
    return judged and served and conditions.is_true(parent.status, conditions.READY)


def _raw_replicas(parent: Parent) -> int:
    raw = parent.spec.get("replicas")
    return raw if isinstance(raw, int) else 0
