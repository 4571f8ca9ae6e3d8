"""Values as the API server completes them before it judges them."""

from copy import deepcopy

from modelservice_operator.manifest import Manifest
from modelservice_operator.validate.fields import schema_of


def completed(value: object, schema: Manifest) -> object:
    """A copy with the defaults of the schema and without nulls where the schema does not allow them.

    A null takes the default, or counts as absent; in a list it stays, and is refused later.
    """
    if isinstance(value, list):
        items = schema.get("items", {})
        return [completed(_defaulted(item, items), items) for item in value]
    if not isinstance(value, dict):
        return value
    result = {}
    for field, inside in _with_defaults(value, schema).items():
        known = schema_of(field, schema)
        if known is None:
            result[field] = deepcopy(inside)
        elif inside is not None or known.get("nullable", False) or "default" in known:
            result[field] = completed(_defaulted(inside, known), known)
    return result


def _with_defaults(value: Manifest, schema: Manifest) -> Manifest:
    absent = {
        field: known["default"]
        for field, known in schema.get("properties", {}).items()
        if field not in value and "default" in known
    }
    return value | absent


def _defaulted(value: object, schema: Manifest) -> object:
    return schema.get("default") if value is None and not schema.get("nullable", False) else value
