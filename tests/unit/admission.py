"""What the API server does to an object before it stores it: refuse what cannot be, fill in what is left out."""

from collections.abc import Iterable
from typing import Final

from modelservice_operator.cluster.errors import ApiError, Cause
from modelservice_operator.manifest import Manifest

_REQUIRED: Final = {"Deployment": ("selector", "template"), "Service": ("ports",)}
_IMMUTABLE: Final = {"Deployment": ("spec", "selector"), "ControllerRevision": ("data",)}


def _invalid(manifest: Manifest, name: str, why: str) -> ApiError:
    text = f'{manifest["kind"]} "{manifest["metadata"]["name"]}" is invalid: {name}: {why}'
    return ApiError(422, "Invalid", text, causes=(Cause("FieldValueInvalid", name, why),))


def validate(before: Manifest | None, after: Manifest) -> None:
    """Refuse what lacks a required field, has two controllers, or changes what is immutable.

    Raises:
        ApiError: 422, with the field as cause.
    """
    for name in _REQUIRED.get(after["kind"], ()):
        if not after.get("spec", {}).get(name):
            raise _invalid(after, f"spec.{name}", "Required value")
    controllers = [owner for owner in after["metadata"].get("ownerReferences") or () if owner.get("controller")]
    if len(controllers) > 1:
        raise _invalid(after, "metadata.ownerReferences", "Only one reference can have Controller set to true")
    path = _IMMUTABLE.get(after["kind"], ())
    if path and before is not None and _at(before, path) != _at(after, path):
        raise _invalid(after, ".".join(path), "field is immutable")


def default(manifest: Manifest) -> None:
    """Fill in what the API server has defaults for, and leave out what it does not keep because it is empty."""
    spec = manifest.get("spec", {})
    if manifest["kind"] == "Service":
        spec.setdefault("type", "ClusterIP")
        spec.setdefault("clusterIP", "10.0.0.10")
        _default_ports(spec.get("ports", ()))
    if manifest["kind"] != "Deployment":
        return
    spec.setdefault("replicas", 1)
    template = spec["template"]
    template.setdefault("metadata", {}).setdefault("creationTimestamp", None)
    for key, value in (("restartPolicy", "Always"), ("dnsPolicy", "ClusterFirst"), ("securityContext", {})):
        template["spec"].setdefault(key, value)
    _say_twice(template["spec"])
    for container in (*template["spec"].get("initContainers", ()), *template["spec"]["containers"]):
        container.setdefault("imagePullPolicy", "IfNotPresent")
        _default_ports(container.get("ports", ()))
        for variable in container.get("env", ()):
            if variable.get("value") == "":
                del variable["value"]


def _say_twice(pod: Manifest) -> None:
    """The account of a pod is kept under both names of the field."""
    account = pod.pop("serviceAccountName", "") or pod.pop("serviceAccount", "")
    if account:
        pod |= {"serviceAccountName": account, "serviceAccount": account}
    else:
        pod.pop("serviceAccount", None)


def _default_ports(ports: Iterable[Manifest]) -> None:
    for port in ports:
        port.setdefault("protocol", "TCP")


def _at(manifest: Manifest, path: Iterable[str]) -> object:
    value: object = manifest
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
