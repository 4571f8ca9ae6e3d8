"""The time by the API server's clock."""

from localcluster import Kubectl


def server_time(kubectl: Kubectl) -> str:
    """As objects have it, in whole seconds: from an object that is made for it."""
    probe = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "now-"}}
    return kubectl("create", "-f", "-", "-o", "jsonpath={.metadata.creationTimestamp}", given=probe)
