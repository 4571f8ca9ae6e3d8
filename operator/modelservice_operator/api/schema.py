"""From pydantic models to structural schemas: OpenAPI 3.0 as a CustomResourceDefinition takes it."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from pydantic import BaseModel

from modelservice_operator.api.base import VALIDATIONS
from modelservice_operator.manifest import Manifest

_INT_OR_STRING: Final = "x-kubernetes-int-or-string"
_OPEN: Final = "x-kubernetes-preserve-unknown-fields"
_LIST_TYPE: Final = "x-kubernetes-list-type"
_LIST_KEYS: Final = "x-kubernetes-list-map-keys"

_DROPPED: Final = frozenset({"title", "examples", "discriminator", "$defs"})
_COPIED: Final = frozenset(
    {
        "type", "format", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems",
        "minProperties", "maxProperties", "required", _INT_OR_STRING, _OPEN, _LIST_TYPE, _LIST_KEYS,
        "x-kubernetes-map-type",
    }
)  # fmt: skip
_ORDER: Final = ("description", "type", "format", "enum", "default")
_RULE_ORDER: Final = ("rule", "message", "fieldPath", "reason")


class UnsupportedSchema(TypeError):
    """A field has a type that no structural schema expresses; the message names model and field."""


def structural_schema(model: type[BaseModel]) -> Manifest:
    """The structural schema of a model: references inlined, nulls gone, a type at every level.

    A field without a value is absent: optional fields are not nullable, and a default that is an empty value is left
    out. A section's default, which may only be the section with its own defaults, is left out too: absent sections
    stay absent in stored objects, and the read model fills them in.

    Raises:
        UnsupportedSchema: for unions, recursion, tuples of fixed length, sets, and keywords without a counterpart.
    """
    document = model.model_json_schema()
    converter = _Converter(document.get("$defs", {}))
    return converter.convert(document, model.__name__, ())


class _Converter:
    """Converts the parts of one JSON schema document. `where` is `Model.field`, `inside` the models around it."""

    def __init__(self, definitions: Mapping[str, Manifest]) -> None:
        self._definitions = definitions
        self._keywords: Mapping[str, Callable[[Manifest, Manifest, str, tuple[str, ...]], None]] = {
            "description": _description,
            "properties": self._properties,
            "items": self._items,
            "additionalProperties": self._additional_properties,
            "const": _const,
            "exclusiveMinimum": _exclusive_minimum,
            "exclusiveMaximum": _exclusive_maximum,
            "default": _default,
            VALIDATIONS: _validations,
        }

    def convert(self, schema: Manifest, where: str, inside: tuple[str, ...]) -> Manifest:
        schema = self._without_null(schema, where)
        if "$ref" in schema:
            return self._referenced(schema, where, inside)
        result: Manifest = {}
        for keyword, value in schema.items():
            if keyword in self._keywords:
                self._keywords[keyword](result, schema, where, inside)
            elif keyword in _COPIED:
                result[keyword] = value
            elif keyword not in _DROPPED:
                raise UnsupportedSchema(f"{where}: a structural schema has no counterpart of {keyword!r}")
        _complete(result, where)
        return _ordered(result)

    def _referenced(self, schema: Manifest, where: str, inside: tuple[str, ...]) -> Manifest:
        """The definition in place of its reference; what stands beside the reference wins."""
        name = str(schema["$ref"]).rpartition("/")[2]
        if name in inside:
            raise UnsupportedSchema(f"{where}: {name} holds itself, and a structural schema cannot recur")
        beside = {keyword: value for keyword, value in schema.items() if keyword != "$ref"}
        if isinstance(beside.get("default"), dict):
            self._check_section_default(self._definitions[name], beside.pop("default"), where)
        return self.convert(_joined(self._definitions[name], beside), where, (*inside, name))

    @staticmethod
    def _check_section_default(definition: Manifest, default: Manifest, where: str) -> None:
        for name, value in default.items():
            own = definition["properties"].get(name, {}).get("default")
            if isinstance(value, dict) or value != own:
                raise UnsupportedSchema(f"{where}: the default of {name} differs from that of the section itself")

    @staticmethod
    def _without_null(schema: Manifest, where: str) -> Manifest:
        """`X | None` is an X that may be absent; every other union is refused."""
        if "anyOf" not in schema:
            return schema
        branches = [branch for branch in schema["anyOf"] if branch != {"type": "null"}]
        if len(branches) != 1:
            raise UnsupportedSchema(f"{where}: a union; write optional fields, and a rule that one of them is set")
        return _joined(branches[0], {keyword: value for keyword, value in schema.items() if keyword != "anyOf"})

    def _properties(self, result: Manifest, schema: Manifest, where: str, inside: tuple[str, ...]) -> None:
        model = inside[-1] if inside else where
        result["properties"] = {
            name: self.convert(field, f"{model}.{name}", inside) for name, field in schema["properties"].items()
        }

    def _items(self, result: Manifest, schema: Manifest, where: str, inside: tuple[str, ...]) -> None:
        result["items"] = self.convert(schema["items"], f"{where}[]", inside)

    def _additional_properties(self, result: Manifest, schema: Manifest, where: str, inside: tuple[str, ...]) -> None:
        """Values of a typed map; `true` is an open object; `false` is how every structural schema behaves."""
        values = schema["additionalProperties"]
        if values is True:
            result[_OPEN] = True
        elif values:
            result["additionalProperties"] = self.convert(values, f"{where}{{}}", inside)


def _joined(inner: Manifest, outer: Manifest) -> Manifest:
    """Both, the outer winning; rules of both hold."""
    joined = {**inner, **outer}
    if VALIDATIONS in inner and VALIDATIONS in outer:
        joined[VALIDATIONS] = [*inner[VALIDATIONS], *outer[VALIDATIONS]]
    return joined


def _description(result: Manifest, schema: Manifest, _where: str, _inside: tuple[str, ...]) -> None:
    """Paragraphs stay, the line breaks of the source go."""
    result["description"] = re.sub(r"(?<!\n)\n(?!\n)", " ", schema["description"])


def _const(result: Manifest, schema: Manifest, _where: str, _inside: tuple[str, ...]) -> None:
    result["enum"] = [schema["const"]]


def _exclusive_minimum(result: Manifest, schema: Manifest, _where: str, _inside: tuple[str, ...]) -> None:
    result |= {"minimum": schema["exclusiveMinimum"], "exclusiveMinimum": True}


def _exclusive_maximum(result: Manifest, schema: Manifest, _where: str, _inside: tuple[str, ...]) -> None:
    result |= {"maximum": schema["exclusiveMaximum"], "exclusiveMaximum": True}


def _default(result: Manifest, schema: Manifest, _where: str, _inside: tuple[str, ...]) -> None:
    if schema["default"]:
        result["default"] = schema["default"]


def _validations(result: Manifest, schema: Manifest, _where: str, _inside: tuple[str, ...]) -> None:
    """Pydantic sorts the keys of a rule."""
    result[VALIDATIONS] = [{key: rule[key] for key in _RULE_ORDER if key in rule} for rule in schema[VALIDATIONS]]


def _complete(result: Manifest, where: str) -> None:
    """What pydantic leaves open and Kubernetes wants said."""
    if _INT_OR_STRING in result:
        return
    if not isinstance(result.get("type"), str):
        raise UnsupportedSchema(f"{where}: no type, which a structural schema needs at every level")
    if result["type"] == "integer":
        result.setdefault("format", "int64")
    if result["type"] == "array":
        _complete_list(result, where)


def _complete_list(result: Manifest, where: str) -> None:
    if "items" not in result:
        raise UnsupportedSchema(f"{where}: the items have no type")
    result.setdefault(_LIST_TYPE, "atomic")
    items = result["items"]
    for key in result.get(_LIST_KEYS, ()):
        if key not in items.get("required", ()) and "default" not in items.get("properties", {}).get(key, {}):
            raise UnsupportedSchema(f"{where}: its key {key!r} must be required in the items, or have a default")


def _ordered(schema: Manifest) -> Manifest:
    """What a reader looks for comes first."""
    first = [keyword for keyword in _ORDER if keyword in schema]
    return {keyword: schema[keyword] for keyword in (*first, *(k for k in schema if k not in _ORDER))}
