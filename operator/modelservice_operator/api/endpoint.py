"""Where clients reach a model."""

from typing import Annotated, Final

from modelservice_operator.api.base import ApiModel, Keywords, Port, Rule, matches
from modelservice_operator.api.names import DNS_SUBDOMAIN

HOST: Final = Rule(
    matches(f"([*][.])?{DNS_SUBDOMAIN}"),
    "must be the host name under which clients come, without scheme, port and path, for example models.example.com",
)
CLASS_NAME: Final = Rule(
    matches(DNS_SUBDOMAIN),
    "must be the name of an IngressClass: lower-case letters, digits, '-' and '.', for example nginx; see kubectl get "
    "ingressclass",
)
TLS_SECRET: Final = Rule(
    matches(DNS_SUBDOMAIN),
    "must be the name of a Secret of the same namespace that holds tls.crt and tls.key: lower-case letters, digits, "
    "'-' and '.', for example models-tls",
)


class IngressTls(ApiModel):
    """Encryption between clients and the ingress controller."""

    secret_name: Annotated[str, Keywords(maxLength=253), TLS_SECRET] | None = None
    """Name of a Secret in the same namespace with the certificate (tls.crt, tls.key), which cert-manager may fill.
    Default: the certificate of the ingress controller. Example: models-tls."""


class Ingress(ApiModel):
    """An entrance for clients outside the cluster."""

    host: Annotated[str, Keywords(maxLength=253), HOST]
    """Host name under which clients reach the model; all paths lead to it. Example: models.example.com."""
    class_name: Annotated[str, Keywords(maxLength=253), CLASS_NAME] | None = None
    """IngressClass that serves it. Default: that of the cluster. Example: nginx."""
    tls: IngressTls | None = None
    """Encryption of what clients send. Default: none."""
    annotations: Annotated[dict[str, Annotated[str, Keywords(maxLength=4096)]], Keywords(maxProperties=64)] | None = (
        None
    )
    """Annotations of the Ingress, which tell its controller the rest. Streamed answers need long timeouts and no
    buffering. Example: {nginx.ingress.kubernetes.io/proxy-read-timeout: "3600"}."""


class Endpoint(ApiModel):
    """Where clients reach the model."""

    port: Port = 80
    """TCP port of the Service."""
    ingress: Ingress | None = None
    """An Ingress in front of the Service, for clients outside the cluster. Default: none."""
