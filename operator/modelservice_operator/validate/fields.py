"""What every walk through a value and its schema needs: the keywords, and which schema a field has."""

from typing import Final

from modelservice_operator.manifest import Manifest, joined

INT_OR_STRING: Final = "x-kubernetes-int-or-string"
OPEN: Final = "x-kubernetes-preserve-unknown-fields"
LIST_TYPE: Final = "x-kubernetes-list-type"
LIST_KEYS: Final = "x-kubernetes-list-map-keys"


def schema_of(field: str, schema: Manifest) -> Manifest | None:
    """The schema of a field of an object or of a value of a map; None when the schema says nothing of it."""
    found: Manifest | None = schema.get("properties", {}).get(field, schema.get("additionalProperties"))
    return found


def below(path: str, key: str, schema: Manifest) -> str:
    """The path of a field or of a value of a map, as lists and rules name it; types and bounds name both as fields."""
    return joined(path, key) if key in schema.get("properties", {}) else f"{path}[{key}]"
