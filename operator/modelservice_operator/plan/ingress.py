"""The Ingress of a ModelService."""

from modelservice_operator.api import endpoint
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.metadata import child_metadata
from modelservice_operator.plan.probes import PORT_NAME
from modelservice_operator.records.parent import Parent


def ingress(parent: Parent, asked: endpoint.Ingress, template: Manifest) -> Manifest:
    """The Ingress that leads every path of the host to the Service."""
    backend = {"service": {"name": parent.name, "port": {"name": PORT_NAME}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    spec: Manifest = {"rules": [{"host": asked.host, "http": {"paths": paths}}]}
    if asked.class_name:
        spec["ingressClassName"] = asked.class_name
    if asked.tls:
        secret = {"secretName": asked.tls.secret_name} if asked.tls.secret_name else {}
        spec["tls"] = [{"hosts": [asked.host], **secret}]
    metadata = child_metadata(parent, parent.name, template)
    if asked.annotations:
        metadata["annotations"] = dict(asked.annotations)
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec}
