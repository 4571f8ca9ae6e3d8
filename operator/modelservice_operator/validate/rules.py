"""The rules of a schema, in CEL."""

import re
from collections.abc import Iterator
from typing import Final

from modelservice_operator.api.base import VALIDATIONS
from modelservice_operator.manifest import Manifest, joined
from modelservice_operator.validate.expressions import NoValue, evaluated
from modelservice_operator.validate.fields import below, schema_of
from modelservice_operator.validate.mistakes import OMITTED, Mistake, duplicate, forbidden, invalid, required

_ABOUT_CHANGES: Final = re.compile(r"\boldSelf\b")
_STEP: Final = re.compile(r"[.]([^.[]+)|\['([^']+)'\]")
_RESERVED: Final = frozenset(
    {
        "as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop",
        "namespace", "null", "package", "return", "true",
    }
)  # fmt: skip
_ESCAPED: Final = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}


def rule_mistakes(value: object, schema: Manifest, path: str = "") -> Iterator[Mistake]:
    """The rules that a value, or something in it, breaks when it is created.

    The value has the types that the schema asks for. Rules that compare with the old value hold for changes alone.
    """
    if value is None:
        return
    rules = [rule for rule in schema.get(VALIDATIONS, ()) if not _ABOUT_CHANGES.search(rule["rule"])]
    if rules:
        itself = as_cel(value, schema)
        for rule in rules:
            yield from _broken(rule, value, itself, schema, path)
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from rule_mistakes(item, schema.get("items", {}), f"{path}[{index}]")
    elif isinstance(value, dict):
        for field, inside in value.items():
            if (known := schema_of(field, schema)) is not None:
                yield from rule_mistakes(inside, known, below(path, field, schema))


def as_cel(value: object, schema: Manifest) -> object:
    """The value as rules see it: a `number` is never an integer, and fields have names that CEL can spell."""
    if isinstance(value, list):
        return [as_cel(item, schema.get("items", {})) for item in value]
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        return {
            identifier(field) if field in properties else field: as_cel(inside, schema_of(field, schema) or {})
            for field, inside in value.items()
        }
    return float(value) if isinstance(value, int) and schema.get("type") == "number" else value


def identifier(field: str) -> str:
    """The name of a field in CEL: words that it reserves and characters that it does not take are written out."""
    if field in _RESERVED:
        return f"__{field}__"
    return re.sub("__|[-./]", lambda found: _ESCAPED[found[0]], field)


def _broken(rule: Manifest, value: object, itself: object, schema: Manifest, path: str) -> Iterator[Mistake]:
    text = str(rule.get("message", rule["rule"])).strip()
    try:
        if evaluated(rule["rule"], itself) is True:
            return
    except NoValue as error:
        yield invalid(path, schema.get("type", ""), f"{error} evaluating rule: {text}")
        return
    field = joined(path, _field_path(rule["fieldPath"], schema)) if rule.get("fieldPath") else path
    shown = OMITTED if schema.get("type") in ("object", "array") else value
    detail = _told(rule, itself) or (text if "message" in rule else f"failed rule: {text}")
    match rule.get("reason"):
        case "FieldValueForbidden":
            yield forbidden(field, detail)
        case "FieldValueRequired":
            yield required(field, detail)
        case "FieldValueDuplicate":
            yield duplicate(field, shown)
        case _:
            yield invalid(field, shown, detail)


def _field_path(written: str, schema: Manifest) -> str:
    """The path in a rule as a mistake names it: `.limits['gpu']` is `limits.gpu`, or `limits[gpu]` if that is a map."""
    path, known = "", schema
    for step in _STEP.finditer(written):
        name = step[1] or step[2]
        path, known = below(path, name, known), schema_of(name, known) or {}
    return path


def _told(rule: Manifest, itself: object) -> str:
    """The message that the rule computes; empty when it computes none that is fit to be shown."""
    if "messageExpression" not in rule:
        return ""
    try:
        message = evaluated(rule["messageExpression"], itself)
    except NoValue:
        return ""
    text = message.strip() if isinstance(message, str) else ""
    return "" if "\n" in text else text
