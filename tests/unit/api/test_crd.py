"""The CRD as a whole: what a structural schema and the house rules demand of every field."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from modelservice_operator.api.base import matches
from modelservice_operator.api.crd import crd, crd_yaml
from modelservice_operator.api.rules import RUNTIMES
from modelservice_operator.runtimes.catalogue import builtin
from unit.api.tables import ROWS

SCHEMA = crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
UNDESCRIBED = re.compile(r"\.(apiVersion|kind|metadata|metadata\.name)|.*\{\}")
KUBERNETES = re.compile(
    r"\.spec\.(runtime\.env\[\]|placement\.(affinity|tolerations\[\])|scaling\.(metrics\[\]|behavior))\..*"
)
"""Described once, at the field that holds them."""
SELF_BOUNDED = {"date-time"}


def nodes(schema: dict[str, Any] = SCHEMA, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema in the CRD with its path."""
    yield path, schema
    for name, field in schema.get("properties", {}).items():
        yield from nodes(field, f"{path}.{name}")
    if "items" in schema:
        yield from nodes(schema["items"], f"{path}[]")
    if "additionalProperties" in schema:
        yield from nodes(schema["additionalProperties"], f"{path}{{}}")


NODES = dict(nodes())


def test_every_level_is_structural() -> None:
    allowed = {
        "type", "format", "description", "default", "enum", "properties", "required", "items", "minimum", "maximum",
        "maxLength", "maxItems", "x-kubernetes-int-or-string", "x-kubernetes-list-type", "x-kubernetes-list-map-keys",
        "x-kubernetes-map-type", "x-kubernetes-validations", "additionalProperties", "maxProperties", "minItems",
        "x-kubernetes-preserve-unknown-fields",
    }  # fmt: skip
    for path, node in NODES.items():
        assert set(node) <= allowed, path
        assert isinstance(node.get("type"), str) or node["x-kubernetes-int-or-string"], path
        assert node.get("default", "") is not None, path


def test_every_field_is_described() -> None:
    undescribed = {path for path, node in NODES.items() if not node.get("description") and not path.endswith("[]")}
    ours = {path for path in undescribed if not KUBERNETES.fullmatch(path)}
    assert {path for path in ours if not UNDESCRIBED.fullmatch(path)} == set()
    for path, node in NODES.items():
        assert "\n" not in node.get("description", ""), path
        assert node.get("description", ".").endswith("."), path


def test_every_text_and_list_is_bounded() -> None:
    for path, node in NODES.items():
        if path in (".apiVersion", ".kind") or node.get("format") in SELF_BOUNDED or "enum" in node:
            continue
        if node.get("type") == "string" or "x-kubernetes-int-or-string" in node:
            assert node["maxLength"] <= 32768, path
        if "additionalProperties" in node:
            assert node["maxProperties"] <= 256, path
        if node.get("type") == "array":
            assert node["maxItems"] <= 256, path
            assert "x-kubernetes-list-type" in node, path


def test_no_rule_stands_where_it_would_judge_status_writes_of_old_objects() -> None:
    ruled = {path for path, node in NODES.items() if "x-kubernetes-validations" in node}
    assert all(path.startswith((".spec", ".metadata.name")) for path in ruled)


def test_every_rule_says_what_must_or_may_be() -> None:
    for path, node in NODES.items():
        for rule in node.get("x-kubernetes-validations", ()):
            assert rule["message"].startswith(("must ", "may ")), path
            assert not rule["message"].endswith("."), path


def test_the_table_breaks_every_rule() -> None:
    """Of each message the table holds a part, at the field where the API server reports it."""
    broken = {(re.sub(r"\[\d+\]", "[]", row.path), row.text) for row in ROWS if row.path}
    for path, node in NODES.items():
        for rule in node.get("x-kubernetes-validations", ()):
            field = re.sub(r"\['([^']+)'\]", r".\1", rule.get("fieldPath", ""))
            place = (path + field).removeprefix(".")
            assert any(place == where and text in rule["message"] for where, text in broken), rule["message"]


def test_names_in_the_table_are_unique() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_sections_have_no_default_and_numbers_have() -> None:
    defaults = {path: node["default"] for path, node in NODES.items() if "default" in node and path != ".status"}
    assert defaults == {
        ".spec.accelerator.vendor": "nvidia",
        ".spec.accelerator.count": 1,
        ".spec.replicas": 1,
        ".spec.rollout.strategy": "Surge",
        ".spec.scaling.minReplicas": 1,
        ".spec.disruption.maxUnavailable": 1,
        ".spec.rollout.revisionHistoryLimit": 5,
        ".spec.endpoint.port": 80,
    }


def test_a_fresh_object_is_not_taken_for_ready() -> None:
    conditions = SCHEMA["properties"]["status"]["default"]["conditions"]
    assert [(c["type"], c["status"], c["reason"], c["lastTransitionTime"]) for c in conditions] == [
        ("Ready", "Unknown", "Pending", "1970-01-01T00:00:00Z")
    ]


def test_the_runtimes_of_the_rule_are_those_that_are_built_in() -> None:
    assert set(RUNTIMES) == set(builtin())


def test_the_yaml_is_small_and_plain() -> None:
    text = crd_yaml()
    assert len(text.encode()) < 100_000
    assert yaml.safe_load(text) == crd()
    assert not re.search(r"[&*]id\d", text)


@pytest.mark.parametrize("pattern", ["it's", r"a\.b"])
def test_a_pattern_that_needs_escapes_in_cel_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"write a character class instead, such as \[\.\]"):
        matches(pattern)
