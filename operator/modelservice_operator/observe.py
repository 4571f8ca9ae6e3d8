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
    """As many replicas of the desired revision are available as must be, and none of another one are left."""
    deadline_exceeded: bool


def observe(
    wanted: int,
    deployment: Deployment | None,
    revision_hash: str | None,
    *,
    least: int | None = None,
    was_ready: bool = False,
) -> Observation:
    """Judge the Deployment against what is wanted: `wanted` replicas of the revision with `revision_hash`.

    Where an autoscaler moves the number, `least` of them are enough; by default it must be all of them. There the last
    change of the Deployment is the autoscaler's where the model `was_ready` with this spec: its controller may be a
    moment late, and the counts are still about this revision.
    """
    if deployment is None:
        return Observation(wanted, 0, 0, 0, settled=False, complete=False, deadline_exceeded=False)
    settled = (
        (deployment.observed_generation >= deployment.generation or (least is not None and was_ready))
        and deployment.wanted_replicas == wanted
        and revision_hash is not None
        # Where no pods are wanted it does not matter of which revision they would be.
        and (deployment.revision == revision_hash or wanted == 0)
    )
    if least is None:
        counts = (deployment.updated_replicas, deployment.replicas, deployment.available_replicas)
        complete = settled and all(count == wanted for count in counts)
    else:
        of_one_revision = deployment.updated_replicas == deployment.replicas
        complete = settled and of_one_revision and deployment.available_replicas >= least
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
