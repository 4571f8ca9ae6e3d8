"""The metadata of an object, which every kind has and no CRD describes."""

import re
from collections.abc import Iterator
from typing import Final

from modelservice_operator.manifest import Manifest
from modelservice_operator.validate.fields import OPEN
from modelservice_operator.validate.mistakes import Mistake, invalid, printed, required, too_long

_TEXT: Final = {"type": "string"}
_NUMBER: Final = {"type": "integer", "format": "int64"}
_TIME: Final = {"type": "string", "format": "date-time"}
_TEXTS: Final = {"type": "object", "additionalProperties": _TEXT}
_OWNER: Final = {
    "apiVersion": _TEXT,
    "kind": _TEXT,
    "name": _TEXT,
    "uid": _TEXT,
    "controller": {"type": "boolean"},
    "blockOwnerDeletion": {"type": "boolean"},
}
_MANAGER: Final = {
    "manager": _TEXT,
    "operation": _TEXT,
    "apiVersion": _TEXT,
    "time": _TIME,
    "fieldsType": _TEXT,
    "fieldsV1": {"type": "object", OPEN: True},
    "subresource": _TEXT,
}
SCHEMA: Final[Manifest] = {
    "type": "object",
    "properties": {
        "name": _TEXT,
        "generateName": _TEXT,
        "namespace": _TEXT,
        "labels": _TEXTS,
        "annotations": _TEXTS,
        "finalizers": {"type": "array", "items": _TEXT},
        "ownerReferences": {"type": "array", "items": {"type": "object", "properties": _OWNER}},
        "uid": _TEXT,
        "resourceVersion": _TEXT,
        "generation": _NUMBER,
        "selfLink": _TEXT,
        "creationTimestamp": _TIME,
        "deletionTimestamp": _TIME,
        "deletionGracePeriodSeconds": _NUMBER,
        "managedFields": {"type": "array", "items": {"type": "object", "properties": _MANAGER}},
    },
}
"""ObjectMeta of `meta/v1`, as a schema for its fields and their types."""

_LABEL: Final = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN: Final = rf"{_LABEL}(\.{_LABEL})*"
_KEY: Final = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE: Final = f"({_KEY})?"
_SUBDOMAIN_SHAPE: Final = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    f"end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{_SUBDOMAIN}')"
)
_LABEL_SHAPE: Final = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    f"an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{_LABEL}')"
)
_ALPHANUMERIC: Final = (
    "consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
)
_KEY_SHAPE: Final = (
    f"must {_ALPHANUMERIC} (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_KEY}')"
)
_VALUE_SHAPE: Final = (
    f"a valid label must be an empty string or {_ALPHANUMERIC} (e.g. 'MyValue',  or 'my_value',  or '12345', "
    f"regex used for validation is '{_VALUE}')"
)
_TWO_SLASHES: Final = (
    f"a valid label key {_KEY_SHAPE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
)
_LONGEST_LABEL: Final = 63
_LONGEST_SUBDOMAIN: Final = 253
_LONGEST_PREFIX: Final = 58
_MOST_ANNOTATIONS: Final = 256 * 1024


def named(metadata: Manifest) -> Manifest:
    """The metadata with a name as the API server would generate it, if one is to be generated."""
    prefix = metadata.get("generateName", "")
    if metadata.get("name") or not prefix:
        return metadata
    return metadata | {"name": f"{prefix[:_LONGEST_PREFIX]}00000"}


def metadata_mistakes(metadata: Manifest) -> Iterator[Mistake]:
    """What is wrong with metadata whose types are right. A namespace may be left out, as kubectl adds one."""
    if prefix := metadata.get("generateName"):
        shown = prefix[:-2] + "a" if len(prefix) > 1 and prefix.endswith("-") else prefix
        for complaint in _subdomain(shown):
            yield invalid("metadata.generateName", prefix, complaint)
    if not metadata.get("name"):
        yield required("metadata.name", "name or generateName is required")
    yield from naming_mistakes(metadata)
    yield from _labels(metadata.get("labels", {}))
    yield from _annotations(metadata.get("annotations", {}))
    for finalizer in metadata.get("finalizers", ()):
        for complaint in _key(finalizer):
            yield invalid("metadata.finalizers", finalizer, complaint)


def nameless(metadata: Manifest) -> str | None:
    """What is wrong where an object has no name that is a text, which it needs before anyone can be asked about it."""
    name = metadata.get("name")
    if isinstance(name, int | float):
        return f"metadata.name: must be a text: put {printed(name)} into quotes"
    return None if name and isinstance(name, str) else "metadata.name: must be set, to a text"


def naming_mistakes(metadata: Manifest) -> Iterator[Mistake]:
    """What is wrong with a name and a namespace that are texts; nothing where they are left out."""
    if name := metadata.get("name"):
        for complaint in _subdomain(name):
            yield invalid("metadata.name", name, complaint)
    if namespace := metadata.get("namespace"):
        for complaint in _namespace(namespace):
            yield invalid("metadata.namespace", namespace, complaint)


def _labels(labels: dict[str, str]) -> Iterator[Mistake]:
    for key, value in labels.items():
        for complaint in _key(key):
            yield invalid("metadata.labels", key, complaint)
        for complaint in _bounded(value, _LONGEST_LABEL, _VALUE, _VALUE_SHAPE, "bytes"):
            yield invalid("metadata.labels", value, complaint)


def _annotations(annotations: dict[str, str]) -> Iterator[Mistake]:
    for key in annotations:
        for complaint in _key(key.lower()):
            yield invalid("metadata.annotations", key, complaint)
    if sum(len(f"{key}{value}".encode()) for key, value in annotations.items()) > _MOST_ANNOTATIONS:
        yield too_long("metadata.annotations", _MOST_ANNOTATIONS)


def _key(key: str) -> Iterator[str]:
    """What keeps a text from being the key of a label: a name, after an optional domain and a slash."""
    prefix, slash, name = key.rpartition("/")
    if "/" in prefix:
        yield _TWO_SLASHES
        return
    if slash:
        complaints = _subdomain(prefix, "bytes") if prefix else ["must be non-empty"]
        yield from (f"prefix part {complaint}" for complaint in complaints)
    if not name:
        yield "name part must be non-empty"
    yield from (f"name part {complaint}" for complaint in _bounded(name, _LONGEST_LABEL, _KEY, _KEY_SHAPE, "bytes"))


def _subdomain(text: str, unit: str = "characters") -> Iterator[str]:
    return _bounded(text, _LONGEST_SUBDOMAIN, _SUBDOMAIN, _SUBDOMAIN_SHAPE, unit)


def _namespace(text: str) -> Iterator[str]:
    dotted = re.fullmatch(_SUBDOMAIN, text) is not None
    return _bounded(text, _LONGEST_LABEL, _LABEL, "must not contain dots" if dotted else _LABEL_SHAPE)


def _bounded(text: str, longest: int, pattern: str, shape: str, unit: str = "characters") -> Iterator[str]:
    if len(text.encode()) > longest:
        yield f"must be no more than {longest} {unit}"
    if not re.fullmatch(pattern, text):
        yield shape
