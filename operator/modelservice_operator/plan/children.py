"""The children of a ModelService."""

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.deployment import deployment
from modelservice_operator.plan.service import service
from modelservice_operator.records.parent import Parent


def desired_children(parent: Parent, spec: ModelServiceSpec, template: Manifest) -> list[Manifest]:
    """What should exist beside the ControllerRevisions, in the order in which it is applied.

    Whole intents for server-side apply; `template` is the stored pod template of the desired revision.
    """
    return [
        deployment(parent, spec, template, wanted_replicas(spec)),
        service(parent, spec, template),
    ]


def wanted_replicas(spec: ModelServiceSpec) -> int:
    """How many pods should serve."""
    return 0 if spec.suspend else spec.replicas
