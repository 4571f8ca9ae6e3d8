"""Who says how many pods there are, and when that changes hands.

Without scaling it is the intent of the Deployment. With scaling that intent is silent, and a field manager of its own
holds the number until the autoscaler writes another one; it also stops the pods and brings them back. Dropping the
field while nobody else holds it would let the API server fall back to 1 (seen on 1.36).
"""

from dataclasses import dataclass

from modelservice_operator.api.scaling import Scaling
from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.records.deployment import Deployment


@dataclass(frozen=True, slots=True)
class Scale:
    """What the scale manager holds of a Deployment; None is nothing."""

    replicas: int | None
    resume: int | None = None
    """How many pods there were before they were stopped, to be remembered on the Deployment."""


def intended_replicas(spec: ModelServiceSpec, *, exists: bool) -> int | None:
    """The replicas in the intent of the Deployment; None leaves the field to the scale manager and the autoscaler.

    One that is made while suspended says 0: it would start with a pod otherwise.
    """
    if spec.scaling is None:
        return 0 if spec.suspend else spec.replicas
    return 0 if spec.suspend and not exists else None


def wanted_replicas(spec: ModelServiceSpec, deployment: Deployment | None) -> int:
    """How many pods should be there now: with scaling as many as the autoscaler last said."""
    if spec.suspend:
        return 0
    if spec.scaling is None:
        return spec.replicas
    return deployment.wanted_replicas if deployment is not None else clamped(spec.replicas, spec.scaling)


def least_replicas(spec: ModelServiceSpec, wanted: int) -> int | None:
    """How many of the wanted pods must serve, where that is fewer than all: growing is no matter of readiness."""
    if spec.scaling is None or spec.suspend:
        return None
    return min(wanted, spec.scaling.min_replicas)


def scale(spec: ModelServiceSpec, deployment: Deployment, *, created: bool = False) -> Scale | None:
    """What the scale manager has to apply to the Deployment now; None if nothing.

    `created` says that the Deployment was made a moment ago, with the one replica that the API server gives it.
    """
    live, remembered = deployment.wanted_replicas, deployment.resume_replicas
    if spec.scaling is None:
        return Scale(None) if deployment.holds_resume else None
    if spec.suspend:
        stopped = live == 0 and not deployment.holds_replicas
        return None if stopped else Scale(0, resume=live or remembered)
    if live == 0:
        # An autoscaler takes 0 for a pause, by whomever, and would rest for ever.
        return Scale(clamped(remembered or spec.replicas, spec.scaling))
    if deployment.holds_replicas or deployment.holds_resume:
        return Scale(live)
    start = clamped(spec.replicas, spec.scaling)
    return Scale(start) if created and start != live else None


def clamped(replicas: int, scaling: Scaling) -> int:
    """The nearest number of pods within the bounds, to which an autoscaler goes at once, whatever its metrics say."""
    return max(scaling.min_replicas, min(replicas, scaling.max_replicas))
