"""What every model of the API has in common, and how a field says to the CRD what its type cannot say."""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, Strict
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema

from modelservice_operator.manifest import Manifest

VALIDATIONS = "x-kubernetes-validations"


class ApiModel(BaseModel):
    """A part of the API: camelCase outside, immutable inside, and lenient towards fields of a newer version.

    Attribute docstrings become the descriptions of the CRD, which `kubectl explain` prints.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="ignore",
        frozen=True,
        use_attribute_docstrings=True,
    )


class KubernetesType(ApiModel):
    """A type of Kubernetes' own: typed in the CRD, but described once, at the field that holds it."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> Manifest:
        schema = handler(core_schema)
        handler.resolve_ref_schema(schema).pop("description", None)
        return schema


class Keywords:
    """Schema keywords of a field for the CRD alone, such as `maxLength`.

    The API server enforces them; the read model does not, so an object stored before a bound existed is still read.
    """

    def __init__(self, **keywords: object) -> None:
        self._keywords = keywords

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> Manifest:
        return {**handler(core_schema), **self._keywords}


def list_map(key: str) -> Keywords:
    """A list whose items are told apart by one field: two with the same value are refused, and can be merged."""
    return Keywords(**{"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [key]})


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule in CEL, and the message that the API server gives to whoever breaks it.

    `self` in `cel` is the value of the annotated field, or the object when the rule is given to `validations`. The
    message begins with "must" or "may", because it follows the path and the value, and says what to write instead.
    `field` is the path below `self` that the error names, such as `.image`; without it the error names `self`.
    """

    cel: str
    message: str
    field: str = ""
    reason: Literal["FieldValueInvalid", "FieldValueRequired", "FieldValueForbidden"] = "FieldValueInvalid"

    def as_manifest(self) -> Manifest:
        """The rule as an entry of `x-kubernetes-validations`."""
        manifest: Manifest = {"rule": self.cel, "message": self.message}
        if self.field:
            manifest["fieldPath"] = self.field
        if self.reason != "FieldValueInvalid":
            manifest["reason"] = self.reason
        return manifest

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> Manifest:
        schema = handler(core_schema)
        return {**schema, VALIDATIONS: [*schema.get(VALIDATIONS, []), self.as_manifest()]}


def validations(*rules: Rule) -> Manifest:
    """The `json_schema_extra` of a model whose objects keep these rules."""
    return {VALIDATIONS: [rule.as_manifest() for rule in rules]}


def matches(pattern: str) -> str:
    """A CEL expression: all of `self` matches the RE2 `pattern`.

    Raises:
        ValueError: the pattern holds a quote or a backslash, which CEL would need escaped.
    """
    if "'" in pattern or "\\" in pattern:
        raise ValueError(f"{pattern!r} would need escapes in CEL: write a character class instead, such as [.]")
    return f"self.matches('^({pattern})$')"


Int32: TypeAlias = Annotated[int, Strict(), Keywords(format="int32")]
Int64: TypeAlias = Annotated[int, Strict()]
Port: TypeAlias = Annotated[Int32, Field(ge=1, le=65535)]
Flag: TypeAlias = Annotated[bool, Strict()]
