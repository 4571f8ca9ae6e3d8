"""The verdict on one object, as the API server gives it when the object is created."""

from typing import Final, cast

from modelservice_operator.manifest import Manifest
from modelservice_operator.validate import metadata
from modelservice_operator.validate.completed import completed
from modelservice_operator.validate.lists import list_mistakes
from modelservice_operator.validate.metadata import metadata_mistakes
from modelservice_operator.validate.mistakes import Mistake, invalid
from modelservice_operator.validate.rules import rule_mistakes
from modelservice_operator.validate.scale import scale_mistakes
from modelservice_operator.validate.supported import unsupported_parts
from modelservice_operator.validate.unknown import unknown_fields
from modelservice_operator.validate.values import value_mistakes

_RULES_NOT_CHECKED: Final = invalid(
    "",
    None,
    "some validation rules were not checked because the object was invalid; correct the existing errors to complete "
    "validation",
)


class UnsupportedDefinition(ValueError):
    """The CRD asks for something that is not understood here; the message says what."""


class Validator:
    """Judges objects of one version of a CRD.

    Raises:
        UnsupportedDefinition: for some objects it would not say what the API server says.
    """

    def __init__(self, definition: Manifest, version: str) -> None:
        (found,) = (one for one in definition["spec"]["versions"] if one["name"] == version)
        self._schema: Manifest = found["schema"]["openAPIV3Schema"]
        self._subresources: Manifest = found.get("subresources", {})
        fields = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": metadata.SCHEMA}
        self._known: Manifest = {**self._schema, "properties": {**self._schema["properties"], **fields}}
        if unsupported := sorted(unsupported_parts(self._schema)):
            raise UnsupportedDefinition("; ".join(unsupported))

    def mistakes(self, manifest: Manifest) -> tuple[Mistake, ...]:
        """What the API server would refuse the object for, with strict field validation; nothing if it takes it.

        In its order: metadata of wrong types, unknown fields, and only without these the values. The status counts as
        absent if it is a subresource, but for its unknown fields.
        """
        written = manifest.get("metadata")
        given = completed({} if written is None else written, metadata.SCHEMA)
        wrong = tuple(value_mistakes(given, metadata.SCHEMA, "metadata"))
        return wrong or tuple(unknown_fields(manifest, self._known)) or self._values(manifest, cast("Manifest", given))

    def completed(self, manifest: Manifest) -> Manifest:
        """An object without mistakes, with the defaults of the schema."""
        return cast("Manifest", completed(manifest, self._schema))

    def _values(self, manifest: Manifest, given: Manifest) -> tuple[Mistake, ...]:
        created = {**manifest, "metadata": metadata.named(given)}
        judged = cast("Manifest", completed(created, self._schema))
        if "status" in self._subresources:
            judged.pop("status", None)
        found = [
            *metadata_mistakes(judged["metadata"]),
            *value_mistakes(judged, self._schema),
            *list_mistakes(judged, self._schema),
        ]
        if "scale" in self._subresources:
            found += scale_mistakes(judged, self._subresources["scale"]["specReplicasPath"])
        if any(mistake.blocks for mistake in found):
            return (*found, _RULES_NOT_CHECKED)
        return (*found, *rule_mistakes(judged, self._schema))
