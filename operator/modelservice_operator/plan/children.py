"""The children of a ModelService."""

from modelservice_operator.api.disruption import Disruption
from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.autoscaler import autoscaler
from modelservice_operator.plan.deployment import deployment
from modelservice_operator.plan.disruption import disruption_budget
from modelservice_operator.plan.ingress import ingress
from modelservice_operator.plan.service import service
from modelservice_operator.records.parent import Parent


def desired_children(
    parent: Parent, spec: ModelServiceSpec, template: Manifest, replicas: int | None
) -> list[Manifest]:
    """What should exist beside the ControllerRevisions, in the order in which it is applied.

    Whole intents for server-side apply; `template` is the stored pod template of the desired revision, `replicas` is
    None where they are an autoscaler's.
    """
    children = [deployment(parent, spec, template, replicas), service(parent, spec, template)]
    if spec.scaling:
        children.append(autoscaler(parent, spec.scaling, template))
    if spec.disruption or _may_be_several(spec):
        children.append(disruption_budget(parent, spec.disruption or Disruption(), template))
    if spec.endpoint.ingress:
        children.append(ingress(parent, spec.endpoint.ingress, template))
    return children


def _may_be_several(spec: ModelServiceSpec) -> bool:
    return (spec.scaling.max_replicas if spec.scaling else spec.replicas) > 1
