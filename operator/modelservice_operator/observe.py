"""What the children say about a ModelService: counts, whether the rollout is complete, what is wrong. Pure."""

from dataclasses import dataclass

from modelservice_operator.records.deployment import Deployment


@dataclass(frozen=True, slots=True)
class Observation:
    """The Deployment, seen from the ModelService. All counts are of pods."""

    wanted: int
    """Replicas that the spec asks for; 0 while suspended."""
    replicas: int
    ready: int
    available: int
    settled: bool
    """The Deployment controller has seen the last change of the Deployment, and its counts are about it."""
    complete: bool
    """All wanted replicas are of the desired revision and available, and no others are left."""
    deadline_exceeded: bool


def observe(wanted: int, deployment: Deployment | None, revision_hash: str | None) -> Observation:
    """Judge the Deployment against what is wanted: `wanted` replicas of the revision with `revision_hash`."""
    if deployment is None:
        return Observation(wanted, 0, 0, 0, settled=False, complete=False, deadline_exceeded=False)
    settled = (
        deployment.observed_generation >= deployment.generation
        and deployment.wanted_replicas == wanted
        and revision_hash is not None
        # Where no pods are wanted it does not matter of which revision they would be.
        and (deployment.revision == revision_hash or wanted == 0)
    )
    counts = (deployment.updated_replicas, deployment.replicas, deployment.available_replicas)
    complete = settled and all(count == wanted for count in counts)
    return Observation(
        wanted=wanted,
        replicas=deployment.replicas,
        ready=deployment.ready_replicas,
        available=deployment.available_replicas,
        settled=settled,
        complete=complete,
        # The Deployment controller keeps the verdict while a Deployment is paused, also when its pods get ready.
        deadline_exceeded=settled and not complete and deployment.deadline_exceeded,
    )
