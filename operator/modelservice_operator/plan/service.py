"""The Service of a ModelService, and the address that it gives."""

from typing import Final

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from modelservice_operator.plan.metadata import child_metadata
from modelservice_operator.plan.probes import PORT_NAME
from modelservice_operator.records.parent import Parent
from modelservice_operator.runtimes.runtime import Runtime

_HTTP_PORT: Final = 80


def service(parent: Parent, spec: ModelServiceSpec, template: Manifest) -> Manifest:
    """The ClusterIP Service in front of the model's pods: the endpoint's port in, the server's port out."""
    port = {"name": PORT_NAME, "port": spec.endpoint.port, "targetPort": PORT_NAME, "appProtocol": "http"}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": child_metadata(parent, parent.name, template),
        # The type is the default, and said so that one who changes it is put right.
        "spec": {"type": "ClusterIP", "selector": names.selector(parent.name), "ports": [port]},
    }


def url(parent: Parent, spec: ModelServiceSpec, runtime: Runtime | None) -> str:
    """The address inside the cluster, with the root of the API that the runtime speaks.

    The port is left out where it is that of http. A runtime that is not known any more adds nothing.
    """
    port = "" if spec.endpoint.port == _HTTP_PORT else f":{spec.endpoint.port}"
    path = runtime.base_path if runtime else ""
    return f"http://{parent.name}.{parent.namespace}.svc{port}{path}"
