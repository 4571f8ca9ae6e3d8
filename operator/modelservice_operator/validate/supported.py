"""Whether a schema keeps to what is understood here: better no verdict than a wrong one."""

from collections.abc import Iterator
from typing import Final

from modelservice_operator.api.base import VALIDATIONS
from modelservice_operator.manifest import Manifest, joined
from modelservice_operator.validate.expressions import InvalidExpression, compiled
from modelservice_operator.validate.fields import INT_OR_STRING, LIST_KEYS, LIST_TYPE, OPEN
from modelservice_operator.validate.formats import PATTERNS

_KEYWORDS: Final = frozenset(
    {
        "additionalProperties", "default", "description", "enum", "exclusiveMaximum", "exclusiveMinimum", "format",
        "items", "maxItems", "maxLength", "maxProperties", "maximum", "minItems", "minLength", "minProperties",
        "minimum", "nullable", "pattern", "properties", "required", "type", "x-kubernetes-map-type",
        INT_OR_STRING, LIST_KEYS, LIST_TYPE, OPEN, VALIDATIONS,
    }
)  # fmt: skip
_RULE_KEYS: Final = frozenset({"rule", "message", "messageExpression", "fieldPath", "reason"})
_FORMATS: Final = {"string": frozenset(PATTERNS), "integer": frozenset({"int32", "int64"})}


def unsupported_parts(schema: Manifest, path: str = "") -> Iterator[str]:
    """A sentence for each part of the schema that would be judged otherwise than the API server does."""
    for keyword in schema.keys() - _KEYWORDS:
        yield f"{path}: the keyword {keyword} is not understood"
    if not isinstance(schema.get("additionalProperties", {}), dict):
        yield f"{path}: additionalProperties must be a schema"
    elif "additionalProperties" in schema:
        yield from unsupported_parts(schema["additionalProperties"], f"{path}[]")
    if "format" in schema and schema["format"] not in _FORMATS.get(schema.get("type", ""), ()):
        yield f"{path}: the format {schema['format']} is not understood"
    for rule in schema.get(VALIDATIONS, ()):
        yield from _unsupported_rule(rule, path)
    if "items" in schema:
        yield from unsupported_parts(schema["items"], f"{path}[]")
    for field, known in schema.get("properties", {}).items():
        yield from unsupported_parts(known, joined(path, field))


def _unsupported_rule(rule: Manifest, path: str) -> Iterator[str]:
    for key in rule.keys() - _RULE_KEYS:
        yield f"{path}: {key} of a rule is not understood"
    if "\\" in rule.get("fieldPath", ""):
        yield f"{path}: escapes in the fieldPath of a rule are not understood"
    for expression in (rule["rule"], rule.get("messageExpression", "''")):
        try:
            compiled(expression)
        except InvalidExpression as error:
            yield f"{path}: {error}"
