"""A CRD with everything that the schema language has and ModelService may come to use, and a good object of it."""

from typing import Any

GROUP = "sample.modelservice.dev"
NAME = f"samples.{GROUP}"


def text(**keywords: Any) -> dict[str, Any]:
    return {"type": "string", "maxLength": 20, **keywords}


def section(*required: str, rules: tuple[dict[str, Any], ...] = (), **properties: Any) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": properties, "x-kubernetes-validations": [*rules]}
    return schema | ({"required": [*required]} if required else {})


def rule(cel: str, message: str = "", **keywords: Any) -> dict[str, Any]:
    return {"rule": cel} | ({"message": message} if message else {}) | keywords


SPEC = section(
    "mode",
    rules=(
        rule("self.mode != 'slow' || self.level < 5", "must be below 5 when slow", fieldPath=".level"),
        rule("!has(self.__namespace__) || self.__namespace__ != 'bad'", fieldPath=".namespace"),
        rule("!has(self.two__dash__words) || self.two__dash__words != 'bad'", " may not be bad "),
        rule("self.mode != 'old'", messageExpression="'not ' + self.mode", message="unused"),
        rule("self.level != 7", messageExpression="self.mode.substring(9)", message="may not be 7"),
        rule("!has(self.limits) || !('tpu' in self.limits)", "may not be set", fieldPath=".limits['tpu']"),
        rule("!has(self.two__dash__words) || self.two__dash__words != 'worse'", fieldPath="['two-words']"),
        rule("!has(self.note) || self.note != oldSelf.note"),
    ),
    mode=text(enum=["fast", "slow", "old"]),
    level={"type": "integer", "format": "int32", "default": 3, "minimum": 0, "exclusiveMinimum": True, "maximum": 10}
    | {"x-kubernetes-validations": [rule("self != 9", "may not be 9")]},
    ratio={"type": "number", "minimum": 0, "maximum": 1, "exclusiveMaximum": True}
    | {"x-kubernetes-validations": [rule("self / 2.0 != 0.25", "may not be a half")]},
    share={"type": "number", "minimum": 0.5, "maximum": 2500000.5},
    wide={"type": "integer", "format": "int64", "maximum": 2**40},
    note=text(nullable=True, minLength=2, maxLength=5, pattern="^[a-zé]+$"),
    namespace=text(),
    flag={"type": "boolean", "default": True},
    limits={
        "type": "object",
        "minProperties": 1,
        "maxProperties": 3,
        "additionalProperties": {"x-kubernetes-int-or-string": True, "maxLength": 20}
        | {"x-kubernetes-validations": [rule("isQuantity(string(self))", "must be a quantity")]},
        "x-kubernetes-validations": [
            rule(
                "self.all(name, !isQuantity(string(self[name])) || quantity(string(self[name])).isLessThan("
                "quantity('1Ti').add(quantity('1')).sub(1)))",
                "must be below 1Ti",
            ),
            rule("!('gpu' in self)", "may not be limited", fieldPath=".gpu", reason="FieldValueForbidden"),
        ],
    },
    tags={
        "type": "array",
        "items": text(),
        "minItems": 1,
        "maxItems": 4,
        "x-kubernetes-list-type": "set",
        "x-kubernetes-validations": [rule("!self.exists(tag, tag == 'é')", "may not hold é")],
    },
    ports={
        "type": "array",
        "maxItems": 4,
        "items": section(
            "port",
            rules=(rule("self.port != 80", "may not be 80", fieldPath=".port", reason="FieldValueDuplicate"),),
            port={"type": "integer", "format": "int32"},
            protocol=text(default="TCP", enum=["TCP", "UDP"]),
            weight={"type": "integer"},
        ),
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["port", "protocol"],
    },
    matrix={"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
    template={
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": True,
        "properties": {"labels": {"type": "object", "additionalProperties": text()}, "section": section(size=text())},
    },
    section={"default": {}} | section(size={"type": "integer", "default": 1, "minimum": 1}, names=section(one=text())),
    day=text(format="date"),
    moment=text(format="date-time", maxLength=40),
    id=text(format="uuid", maxLength=40),
    **{"two-words": text()},
)
SAMPLE: dict[str, Any] = {
    "apiVersion": f"{GROUP}/v1alpha1",
    "kind": "Sample",
    "metadata": {"name": "sample"},
    "spec": {
        "mode": "fast",
        "level": 4,
        "ratio": 0.75,
        "share": 1,
        "wide": 2**33,
        "note": "né",
        "namespace": "good",
        "flag": False,
        "limits": {"cpu": 4, "memory": "1.5Gi"},
        "tags": ["a", "b"],
        "ports": [{"port": 81}, {"port": 81, "protocol": "UDP", "weight": 1}],
        "matrix": [[1, 2], []],
        "template": {"labels": {"a": "b"}, "section": {"size": "1"}, "anything": [{"at": None}]},
        "section": {"size": 2, "names": {"one": "x"}},
        "day": "2026-11-22",
        "moment": "2026-11-22T10:00:00Z",
        "id": "123e4567-e89b-12d3-a456-426614174000",
        "two-words": "good",
    },
}


def sample_crd() -> dict[str, Any]:
    """The CRD of `SAMPLE`."""
    schema = {
        "type": "object",
        "required": ["spec"],
        "properties": {"spec": SPEC},
    }
    version = {"name": "v1alpha1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": NAME},
        "spec": {
            "group": GROUP,
            "names": {"kind": "Sample", "listKind": "SampleList", "plural": "samples", "singular": "sample"},
            "scope": "Namespaced",
            "versions": [version],
        },
    }
