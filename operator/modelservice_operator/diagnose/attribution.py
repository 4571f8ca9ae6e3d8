"""Which field a remedy speaks of where several may decide: a patch of the pod template does, too."""

from collections.abc import Iterator
from typing import Final

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.api.uri import parse_uri
from modelservice_operator.diagnose.finding import Finding
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.plan.origin import origin_of

_CREDENTIALS: Final = "spec.model.credentials.secretName"
_URI: Final = "spec.model.uri"
_IMAGE: Final = "spec.runtime.image"
_ENV: Final = "spec.runtime.env"
_PATCH: Final = "spec.podTemplate"

_NAMED: Final = {
    Reason.SECRET_NOT_FOUND: f"{_CREDENTIALS} or {_ENV}",
    Reason.CONFIG_MAP_NOT_FOUND: f"{_ENV} or {_PATCH}",
    Reason.VOLUME_CLAIM_NOT_FOUND: _URI,
    Reason.IMAGE_NOT_FOUND: _IMAGE,
    Reason.INVALID_IMAGE_NAME: _IMAGE,
}
"""Findings whose cause begins with a name of the spec, and how their remedies call the fields that it may stand in."""


def attributed(finding: Finding, spec: ModelServiceSpec) -> str:
    """The finding's remedy, naming the fields of the spec that decide.

    For what `spec.podTemplate.spec` sets that is the field there: a single value or a list takes the place of what
    another field says; a map is merged with it, and both are named. What is named in the spec is corrected where its
    name stands.
    """
    remedy = finding.remedy
    for key, value in patch_of(spec).items():
        field, here = origin_of("Deployment", f"spec.template.spec.{key}"), f"{_PATCH}.spec.{key}"
        if field is not None and field.endswith(f".{key}"):
            remedy = remedy.replace(field, f"{field} or {here}" if isinstance(value, dict) else here)
    usual = _NAMED.get(finding.reason)
    if usual is not None and (fields := " or ".join(_holding(finding.cause[0], spec))):
        remedy = remedy.replace(usual, fields.replace(_PATCH, f"image in {_PATCH}") if usual == _IMAGE else fields)
    return remedy


def patch_of(spec: ModelServiceSpec) -> dict[str, object]:
    """`spec.podTemplate.spec`; empty where it is left out."""
    return (spec.pod_template.spec if spec.pod_template is not None else None) or {}


def _holding(name: str, spec: ModelServiceSpec) -> Iterator[str]:
    """The fields of the spec in which the name of an object or an image stands."""
    model = spec.model
    if model is not None and model.credentials is not None and model.credentials.secret_name == name:
        yield _CREDENTIALS
    if model is not None and parse_uri(model.uri).claim == name:
        yield _URI
    if spec.runtime.image == name:
        yield _IMAGE
    if name in _strings([variable.model_dump() for variable in spec.runtime.env]):
        yield _ENV
    if name in _strings(patch_of(spec)):
        yield _PATCH


def _strings(part: object) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict | list):
        for value in part.values() if isinstance(part, dict) else part:
            yield from _strings(value)
