"""The server container."""

from copy import deepcopy

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from modelservice_operator.plan.arguments import arguments, command
from modelservice_operator.plan.environment import environment
from modelservice_operator.plan.probes import PORT_NAME, probes
from modelservice_operator.plan.resources import resources
from modelservice_operator.plan.server import Server


def container(server: Server, spec: ModelServiceSpec, mounts: list[Manifest]) -> Manifest:
    """The container that serves the model, with its volumes mounted as given.

    A crash leaves the end of its log as the termination message: the reason is then in the pod's status.
    """
    parts: Manifest = {
        "name": names.SERVER,
        "image": server.image,
        "command": command(server, spec.runtime),
        "args": arguments(server, spec.runtime),
        "env": environment(server, spec),
        "ports": [{"name": PORT_NAME, "containerPort": server.port}],
        "resources": resources(server, spec),
        "volumeMounts": mounts,
        **probes(server, spec),
        "lifecycle": _lifecycle(server),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "securityContext": deepcopy(server.runtime.security_context),
    }
    return {field: part for field, part in parts.items() if part}


def _lifecycle(server: Server) -> Manifest:
    seconds = server.runtime.pre_stop_seconds
    return {"preStop": {"sleep": {"seconds": seconds}}} if seconds else {}
