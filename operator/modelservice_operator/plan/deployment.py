"""The Deployment of a ModelService."""

from typing import Final

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from modelservice_operator.plan.account import by_one_name
from modelservice_operator.plan.metadata import child_metadata
from modelservice_operator.plan.startup import progress_deadline_seconds
from modelservice_operator.records.parent import Parent

_STEPS: Final = {
    "Surge": {"maxSurge": 1, "maxUnavailable": 0},
    "Replace": {"maxSurge": 0, "maxUnavailable": 1},
}


def deployment(parent: Parent, spec: ModelServiceSpec, template: Manifest, replicas: int | None) -> Manifest:
    """The Deployment that runs the pod template of a revision. Nothing else in it restarts a pod.

    The strategy is written in full: the API server refuses a later change of one whose rest it defaulted.
    """
    rollout = spec.rollout
    body: Manifest = {
        **({} if replicas is None else {"replicas": replicas}),
        "selector": {"matchLabels": names.selector(parent.name)},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": _STEPS[rollout.strategy]},
        "progressDeadlineSeconds": progress_deadline_seconds(spec),
        "revisionHistoryLimit": rollout.revision_history_limit,
        # Also when false: a rollout that was paused on the Deployment by hand would hang, and nothing would say why.
        "paused": rollout.paused,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": child_metadata(parent, parent.name, template),
        "spec": {**body, "template": by_one_name(template)},
    }
