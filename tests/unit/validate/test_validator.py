"""The shipped CRD, and one that uses all of the schema language."""

from typing import Any

import pytest

from modelservice_operator.api.crd import crd
from modelservice_operator.validate.validator import UnsupportedDefinition, Validator
from unit.api.tables import MANIFEST, ROWS, Row, patched
from unit.validate.corpus import model_services, samples
from unit.validate.sample import SAMPLE, sample_crd

VALIDATOR = Validator(crd(), "v1alpha1")
OF_SAMPLES = Validator(sample_crd(), "v1alpha1")
NOT_CHECKED = (
    "",
    "Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing "
    "errors to complete validation",
)


def found(manifest: dict[str, Any], validator: Validator = VALIDATOR) -> list[tuple[str, str]]:
    return [(mistake.field, mistake.message) for mistake in validator.mistakes(manifest)]


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_a_rule_broken_or_just_kept(row: Row) -> None:
    causes = [cause for cause in found(patched(MANIFEST, row.patch)) if cause != NOT_CHECKED]
    assert {field.removeprefix(".") for field, _ in causes} == ({row.path} if row.path else set())
    assert not row.path or row.text in causes[0][1]


@pytest.mark.parametrize(
    ("change", "mistakes"),
    [
        ({"limits": {}}, [("spec.limits", "Invalid value: 0: spec.limits in body should have at least 1 properties")]),
        ({"limits": {"cpu": "much"}}, [("spec.limits[cpu]", 'Invalid value: "much": must be a quantity')]),
        ({"limits": {"cpu": "1Ti"}}, [("spec.limits", "Invalid value: must be below 1Ti")]),
        ({"limits": {"gpu": 1}}, [("spec.limits.[gpu]", "Forbidden: may not be limited")]),
        ({"limits": {"cpu": True}}, [
            ("spec.limits.cpu",
             'Invalid value: "boolean": spec.limits.cpu in body must be of type integer,string: "boolean"'),
            NOT_CHECKED,
        ]),
        ({"mode": "slow", "level": 5}, [("spec.level", "Invalid value: must be below 5 when slow")]),
        ({"mode": "old"}, [("spec", "Invalid value: not old")]),
        ({"level": 7}, [("spec", "Invalid value: may not be 7")]),
        ({"namespace": "bad"}, [("spec.namespace", "Invalid value: failed rule: !has(self.__namespace__) || "
                                 "self.__namespace__ != 'bad'")]),
        ({"tags": ["a", "a", "é"]}, [
            ("spec.tags[1]", 'Duplicate value: "a"'), ("spec.tags", "Invalid value: may not hold é"),
        ]),
        ({"ports": [{"port": 81}, {"port": 81, "protocol": "TCP"}]},
         [("spec.ports[1]", 'Duplicate value: {"port":81,"protocol":"TCP"}')]),
        ({"ports": [{"port": 80}]}, [("spec.ports[0].port", "Duplicate value")]),
        ({"template": {"section": {"sise": 1}}},
         [("spec.template.section.sise", "there is no such field; did you mean size?")]),
        ({"section": None, "flag": None, "note": None}, []),
    ],
)  # fmt: skip
def test_the_whole_schema_language(change: dict[str, Any], mistakes: list[tuple[str, str]]) -> None:
    assert found(SAMPLE | {"spec": SAMPLE["spec"] | change}, OF_SAMPLES) == mistakes


def test_unknown_fields_come_before_wrong_values_and_wrong_metadata_before_both() -> None:
    manifest = patched(MANIFEST, {"metadata": {"labels": {"a": 1}}, "spec": {"modle": 1, "replicas": -1}})
    assert [field for field, _ in found(manifest)] == ["metadata.labels.a"]
    del manifest["metadata"]["labels"]
    assert [field for field, _ in found(manifest)] == ["spec.modle"]
    del manifest["spec"]["modle"]
    assert [field for field, _ in found(manifest)] == ["spec.replicas", ".spec.replicas"]


def test_a_status_is_not_judged_but_for_its_fields() -> None:
    assert found(MANIFEST | {"status": {"ready": 1, "conditions": "none"}}) == []
    assert found(MANIFEST | {"status": {"raedy": "1/1"}}) == [
        ("status.raedy", "there is no such field; did you mean ready?")
    ]


def test_a_name_that_is_to_be_generated_is_judged_too() -> None:
    assert found(MANIFEST | {"metadata": {"generateName": "qwen-"}}) == []
    ((field, message),) = found(MANIFEST | {"metadata": {"generateName": "q" * 50}})
    assert field == "metadata.name"
    assert "must have at most 52 characters" in message


def test_any_object_gets_a_verdict() -> None:
    for validator, objects in ((VALIDATOR, model_services()), (OF_SAMPLES, samples())):
        refused = sum(bool(validator.mistakes(manifest)) for manifest in objects.values())
        assert refused >= 200
        assert len(objects) - refused >= 100


def test_a_definition_that_is_not_understood_is_refused() -> None:
    definition = sample_crd()
    schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["properties"]["spec"] = {"type": "object", "oneOf": [{"required": ["a"]}]}
    with pytest.raises(UnsupportedDefinition, match=r"^spec: the keyword oneOf is not understood$"):
        Validator(definition, "v1alpha1")
