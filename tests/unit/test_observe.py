"""What the Deployment says about a ModelService that wants two replicas of the revision `new`."""

from typing import Any

import pytest

from modelservice_operator.manifest import Manifest
from modelservice_operator.observe import Observation, observe
from modelservice_operator.records.deployment import Deployment

LATE: Manifest = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}


def deployment(
    wanted: int = 2,
    counts: tuple[int, int, int, int] = (2, 2, 2, 2),
    *,
    revision: str = "new",
    generation: tuple[int, int] = (5, 5),
    late: bool = False,
) -> Deployment:
    """`counts` are replicas, updated, ready, available; `generation` is the Deployment's own and the observed one."""
    replicas, updated, ready, available = counts
    labels = {"modelservice.dev/revision": revision}
    status: dict[str, Any] = {
        "observedGeneration": generation[1],
        "replicas": replicas,
        "updatedReplicas": updated,
        "readyReplicas": ready,
        "availableReplicas": available,
        "conditions": [LATE] if late else [],
    }
    manifest = {
        "metadata": {"name": "chat", "generation": generation[0]},
        "spec": {"replicas": wanted, "template": {"metadata": {"labels": labels}}},
        "status": status,
    }
    return Deployment.from_manifest(manifest)


@pytest.mark.parametrize(
    ("seen", "settled", "complete", "late"),
    [
        (deployment(), True, True, False),
        (deployment(counts=(2, 2, 1, 1)), True, False, False),
        (deployment(counts=(3, 2, 3, 3)), True, False, False),
        (deployment(counts=(2, 1, 2, 2)), True, False, False),
        (deployment(counts=(2, 2, 0, 0), late=True), True, False, True),
        (deployment(late=True), True, True, False),
        (deployment(generation=(6, 5)), False, False, False),
        (deployment(counts=(2, 2, 0, 0), generation=(6, 5), late=True), False, False, False),
        (deployment(revision="old"), False, False, False),
        (deployment(wanted=1, counts=(1, 1, 1, 1)), False, False, False),
    ],
    ids=[
        "complete",
        "one is not ready",
        "an old one is left",
        "not all are updated",
        "late",
        "late, but there in the end",
        "the controller has not seen the last change",
        "late with what was before the last change",
        "another template",
        "another number of replicas",
    ],
)
def test_verdicts(seen: Deployment, settled: bool, complete: bool, late: bool) -> None:
    observation = observe(2, seen, "new")
    assert (observation.settled, observation.complete, observation.deadline_exceeded) == (settled, complete, late)


def test_counts() -> None:
    observation = observe(2, deployment(counts=(4, 3, 2, 1)), "new")
    assert (observation.wanted, observation.replicas, observation.ready, observation.available) == (2, 4, 2, 1)


def test_none_of_the_desired_revision_while_there_is_none() -> None:
    observation = observe(2, deployment(), None)
    assert (observation.settled, observation.complete, observation.available) == (False, False, 2)


def test_no_deployment() -> None:
    nothing = Observation(2, 0, 0, 0, settled=False, complete=False, deadline_exceeded=False)
    assert observe(2, None, "new") == nothing
    assert not observe(0, None, "new").complete, "before the Deployment exists nothing is known of pods"


def test_zero_replicas() -> None:
    assert observe(0, deployment(wanted=0, counts=(0, 0, 0, 0)), "new").complete
    assert not observe(0, deployment(wanted=0, counts=(1, 1, 0, 0)), "new").complete


@pytest.mark.parametrize(
    ("seen", "was_ready", "complete"),
    [
        (deployment(counts=(5, 5, 2, 2), wanted=5), False, True),
        (deployment(counts=(5, 5, 1, 1), wanted=5), True, False),
        (deployment(counts=(3, 3, 3, 3), wanted=2), True, True),
        (deployment(counts=(3, 1, 3, 3), wanted=2), True, False),
        (deployment(counts=(2, 2, 2, 2), wanted=5, generation=(6, 5)), True, True),
        (deployment(counts=(2, 2, 2, 2), wanted=5, generation=(6, 5)), False, False),
        (deployment(counts=(2, 2, 2, 2), wanted=5, generation=(6, 5), revision="old"), True, False),
    ],
    ids=[
        "it grows",
        "too few serve",
        "it shrinks",
        "an old one is left",
        "the controller is a moment late",
        "the controller is late with a change of ours",
        "the controller is late with a new template",
    ],
)
def test_an_autoscaler_moves_the_number(seen: Deployment, was_ready: bool, complete: bool) -> None:
    assert observe(seen.wanted_replicas, seen, "new", least=2, was_ready=was_ready).complete is complete


def test_where_no_pods_are_wanted_their_revision_does_not_matter() -> None:
    assert observe(0, deployment(wanted=0, counts=(0, 0, 0, 0), revision="old"), "new").complete
