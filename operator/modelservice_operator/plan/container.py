"""The server container."""

from copy import deepcopy

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from modelservice_operator.plan.arguments import arguments, command, fetch_command
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
        "securityContext": _security_context(server),
    }
    return {field: part for field, part in parts.items() if part}


def fetch_container(server: Server, spec: ModelServiceSpec, mounts: list[Manifest]) -> Manifest:
    """The init container that fetches the model, where the runtime has one.

    It requests what the server does, which costs nothing: a pod needs the larger of the two. The devices stay with
    the server.
    """
    parts: Manifest = {
        "name": names.FETCH,
        "image": server.image,
        "command": fetch_command(server),
        "env": environment(server, spec),
        "resources": {kind: part for kind, part in resources(server, spec).items() if kind == "requests"},
        "volumeMounts": mounts,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "securityContext": _security_context(server),
    }
    return {field: part for field, part in parts.items() if part}


def _security_context(server: Server) -> Manifest:
    runtime = server.runtime
    return deepcopy(runtime.vendor_security_context.get(server.vendor, runtime.security_context))


def _lifecycle(server: Server) -> Manifest:
    seconds = server.runtime.pre_stop_seconds
    return {"preStop": {"sleep": {"seconds": seconds}}} if seconds else {}
