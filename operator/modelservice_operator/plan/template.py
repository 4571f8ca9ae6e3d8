"""The pod template of a revision. It is rendered once and then stored: see `revision`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from modelservice_operator.plan.choice import choose
from modelservice_operator.plan.container import container, fetch_container
from modelservice_operator.plan.demands import refuse_what_it_cannot
from modelservice_operator.plan.patched import patched
from modelservice_operator.plan.placement import placement, usual_tolerations
from modelservice_operator.plan.pull_policy import with_pull_policies
from modelservice_operator.plan.server import Server, resolve
from modelservice_operator.plan.volumes import volumes_and_mounts
from modelservice_operator.runtimes.runtime import Runtime

_SHUTDOWN_MARGIN_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class RenderedTemplate:
    """A pod template that was just rendered, and what it runs."""

    template: Manifest
    runtime: str
    """Name of the runtime."""
    image: str
    """Of the server container."""


def render(
    parent_name: str, spec: ModelServiceSpec, runtimes: Mapping[str, Runtime], revision_hash: str
) -> RenderedTemplate:
    """The pod template for this spec, as of this version of the operator and these runtimes.

    Raises:
        PlanError: the spec asks for what no runtime, or not the one that it names, can do.
    """
    runtime = choose(spec, runtimes)
    refuse_what_it_cannot(spec, runtime, runtimes)
    server = resolve(parent_name, spec, runtime)
    labels = {
        **names.child_labels(parent_name, runtime.name),
        names.COMPONENT: names.SERVER,
        names.REVISION: revision_hash,
    }
    template: Manifest = {"metadata": {"labels": labels}, "spec": _pod(parent_name, server, spec)}
    if spec.pod_template:
        template = patched(template, spec.pod_template, usual_tolerations(spec))
    return RenderedTemplate(template=with_pull_policies(template), runtime=runtime.name, image=server.image)


def _pod(parent_name: str, server: Server, spec: ModelServiceSpec) -> Manifest:
    """A pod that reaches the model and nothing of the cluster.

    Service links stay off: a Service called `vllm` would put VLLM_PORT=tcp://… into the environment, and vLLM
    would refuse to start.
    """
    volumes, mounts = volumes_and_mounts(server, spec)
    shutdown_seconds = server.runtime.pre_stop_seconds + server.drain_seconds + _SHUTDOWN_MARGIN_SECONDS
    parts: Manifest = {
        "serviceAccountName": spec.service_account_name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": shutdown_seconds,
        **placement(parent_name, spec),
        "initContainers": [fetch_container(server, spec, mounts)] if server.runtime.fetch else [],
        "containers": [container(server, spec, mounts)],
        "volumes": volumes,
    }
    return {field: part for field, part in parts.items() if part not in (None, "", [])}
