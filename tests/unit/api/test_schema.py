"""The converter, row by row of what pydantic emits."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from modelservice_operator.api.base import ApiModel, Keywords, Rule, list_map, validations
from modelservice_operator.api.schema import UnsupportedSchema, structural_schema


class Inner(ApiModel):
    """An inner section."""

    size: int = 3
    """How big."""


class Named(ApiModel):
    """An item with a name."""

    name: str
    note: str | None = None


class Ruled(ApiModel):
    model_config = ConfigDict(json_schema_extra=validations(Rule("has(self.a)", "must have a", field=".a")))

    a: int | None = None


class Everything(ApiModel):
    text: str
    """A text over
    two lines.

    And a paragraph."""
    optional: str | None = None
    choice: Literal["a", "b"] = "a"
    only: Literal["a"] | None = None
    number: int = 7
    small: Annotated[int, Keywords(format="int32"), Field(ge=1, le=9)] | None = None
    open_bounds: Annotated[float, Field(gt=0, lt=1)] | None = None
    flag: bool = False
    on: bool = True
    texts: tuple[str, ...] = ()
    items: Annotated[tuple[Named, ...], list_map("name")] = ()
    labels: dict[str, str] = Field(default={})
    anything: dict[str, Any] = Field(default={})
    either: Annotated[int | str, WithJsonSchema({"x-kubernetes-int-or-string": True})] | None = None
    section: Inner = Inner()
    other: Inner | None = None
    """Another one."""
    ruled: Ruled | None = None
    twice: Annotated[Ruled | None, Rule("self.a > 0", "must be more")] = None
    checked: Annotated[str, Rule("self != ''", "must be"), Rule("self != 'x'", "may not be x")] | None = None


INNER = {"type": "integer", "format": "int64", "description": "How big.", "default": 3}


@pytest.mark.parametrize(
    ("field", "schema"),
    [
        ("text", {"type": "string", "description": "A text over two lines.\n\nAnd a paragraph."}),
        ("optional", {"type": "string"}),
        ("choice", {"type": "string", "enum": ["a", "b"], "default": "a"}),
        ("only", {"type": "string", "enum": ["a"]}),
        ("number", {"type": "integer", "format": "int64", "default": 7}),
        ("small", {"type": "integer", "format": "int32", "minimum": 1, "maximum": 9}),
        (
            "openBounds",
            {"type": "number", "minimum": 0, "exclusiveMinimum": True, "maximum": 1, "exclusiveMaximum": True},
        ),
        ("flag", {"type": "boolean"}),
        ("on", {"type": "boolean", "default": True}),
        ("texts", {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "atomic"}),
        (
            "items",
            {
                "type": "array",
                "items": {
                    "description": "An item with a name.",
                    "type": "object",
                    "properties": {"name": {"type": "string"}, "note": {"type": "string"}},
                    "required": ["name"],
                },
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
            },
        ),
        ("labels", {"type": "object", "additionalProperties": {"type": "string"}}),
        ("anything", {"type": "object", "x-kubernetes-preserve-unknown-fields": True}),
        ("either", {"x-kubernetes-int-or-string": True}),
        ("section", {"type": "object", "description": "An inner section.", "properties": {"size": INNER}}),
        ("other", {"type": "object", "description": "Another one.", "properties": {"size": INNER}}),
        (
            "ruled",
            {
                "type": "object",
                "properties": {"a": {"type": "integer", "format": "int64"}},
                "x-kubernetes-validations": [{"rule": "has(self.a)", "message": "must have a", "fieldPath": ".a"}],
            },
        ),
        (
            "twice",
            {
                "type": "object",
                "properties": {"a": {"type": "integer", "format": "int64"}},
                "x-kubernetes-validations": [
                    {"rule": "has(self.a)", "message": "must have a", "fieldPath": ".a"},
                    {"rule": "self.a > 0", "message": "must be more"},
                ],
            },
        ),
        (
            "checked",
            {
                "type": "string",
                "x-kubernetes-validations": [
                    {"rule": "self != ''", "message": "must be"},
                    {"rule": "self != 'x'", "message": "may not be x"},
                ],
            },
        ),
    ],
)
def test_conversion(field: str, schema: dict[str, Any]) -> None:
    assert structural_schema(Everything)["properties"][field] == schema


def test_only_fields_without_default_are_required() -> None:
    assert structural_schema(Everything)["required"] == ["text"]


def test_closed_models_say_nothing_of_it() -> None:
    class Closed(BaseModel):
        model_config = ConfigDict(extra="forbid")
        a: int

    assert structural_schema(Closed) == {
        "type": "object",
        "properties": {"a": {"type": "integer", "format": "int64"}},
        "required": ["a"],
    }


class Tree(ApiModel):
    children: tuple["Tree", ...] = ()


class Union(ApiModel):
    field: int | str


class Fixed(ApiModel):
    field: tuple[int, int]


class Set(ApiModel):
    field: set[str]


class Untyped(ApiModel):
    field: Any


class Untold(ApiModel):
    field: list  # type: ignore[type-arg]  # the point of the test


class NoItems(ApiModel):
    field: Annotated[str, WithJsonSchema({"type": "array"})]


class OptionalKey(ApiModel):
    inner: Annotated[tuple[Inner, ...], list_map("size")] = ()
    field: Annotated[tuple[Named, ...], list_map("note")] = ()


class OtherDefault(ApiModel):
    field: Inner = Inner(size=4)


class Deep(ApiModel):
    items: tuple[Union, ...] = ()


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Tree, "Tree.children.*: Tree holds itself, and a structural schema cannot recur"),
        (Union, "Union.field: a union; write optional fields, and a rule that one of them is set"),
        (Fixed, "Fixed.field: a structural schema has no counterpart of 'prefixItems'"),
        (Set, "Set.field: a structural schema has no counterpart of 'uniqueItems'"),
        (Untyped, "Untyped.field: no type, which a structural schema needs at every level"),
        (Untold, r"Untold.field\[\]: no type, which a structural schema needs at every level"),
        (NoItems, "NoItems.field: the items have no type"),
        (OptionalKey, "OptionalKey.field: its key 'note' must be required in the items, or have a default"),
        (OtherDefault, "OtherDefault.field: the default of size differs from that of the section itself"),
        (Deep, "Union.field: a union"),
    ],
)
def test_what_has_no_structural_schema_is_refused_by_its_name(model: type[BaseModel], message: str) -> None:
    with pytest.raises(UnsupportedSchema, match=f"^{message}"):
        structural_schema(model)
