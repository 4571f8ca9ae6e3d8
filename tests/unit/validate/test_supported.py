from typing import Any

import pytest

from modelservice_operator.validate.supported import unsupported_parts

TEXT = {"type": "string"}


def rules(**keywords: Any) -> dict[str, Any]:
    return TEXT | {"x-kubernetes-validations": [{"rule": "true", **keywords}]}


@pytest.mark.parametrize(
    ("schema", "complaint"),
    [
        (TEXT | {"oneOf": []}, "f: the keyword oneOf is not understood"),
        ({"type": "object", "additionalProperties": False}, "f: additionalProperties must be a schema"),
        ({"type": "object", "additionalProperties": {"not": {}}}, "f[]: the keyword not"),
        ({"type": "array", "items": {"not": {}}}, "f[]: the keyword not"),
        (TEXT | {"format": "email"}, "f: the format email"),
        ({"type": "number", "format": "double"}, "f: the format double"),
        (rules(optionalOldSelf=True), "f: optionalOldSelf of a rule"),
        (rules(fieldPath=r"['\'']"), "f: escapes in the fieldPath"),
        (rules(rule="self ="), "f: self =: "),
        (rules(messageExpression="ip(self)"), "f: ip(self): "),
    ],
)
def test_what_is_not_understood(schema: dict[str, Any], complaint: str) -> None:
    (found,) = unsupported_parts({"type": "object", "properties": {"f": schema}})
    assert found.startswith(complaint)
