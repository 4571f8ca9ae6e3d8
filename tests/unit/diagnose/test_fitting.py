"""Which node could take a pod."""

from typing import Any

import pytest

from modelservice_operator.diagnose.fitting import is_large_enough, is_open, matches, meets, untolerated
from modelservice_operator.manifest import Manifest
from modelservice_operator.records.demands import Expression
from unit.diagnose.builders import node, unscheduled

NODE = node("a", 8, labels={"disk": "fast", "slots": "12"}, taints=[("dedicated", "ml")])


@pytest.mark.parametrize(
    ("tolerations", "opened"),
    [
        ([], False),
        ([{"operator": "Exists"}], True),
        ([{"key": "node.kubernetes.io/unschedulable", "operator": "Exists", "effect": "NoSchedule"}], True),
        ([{"key": "node.kubernetes.io/unschedulable", "operator": "Exists", "effect": "NoExecute"}], False),
    ],
)
def test_a_cordon_is_a_taint_that_may_be_tolerated(tolerations: list[Manifest], opened: bool) -> None:
    assert is_open(node("a", cordoned=True), unscheduled("", spec={"tolerations": tolerations})) is opened


@pytest.mark.parametrize(
    ("operator", "key", "values", "met"),
    [
        ("In", "disk", ["slow", "fast"], True),
        ("In", "disk", ["slow"], False),
        ("In", "zone", ["a"], False),
        ("NotIn", "disk", ["fast"], False),
        ("NotIn", "zone", ["a"], True),
        ("Exists", "disk", [], True),
        ("Exists", "zone", [], False),
        ("DoesNotExist", "disk", [], False),
        ("DoesNotExist", "zone", [], True),
        ("Gt", "slots", ["11"], True),
        ("Gt", "slots", ["12"], False),
        ("Lt", "slots", ["13"], True),
        ("Lt", "slots", ["12"], False),
        ("Gt", "disk", ["1"], False),
        ("Gt", "zone", ["1"], False),
        ("Gt", "slots", ["many"], True),
        ("Gt", "slots", ["9" * 5000], True),
        ("Resembles", "disk", ["quick"], True),
    ],
)
def test_an_expression(operator: str, key: str, values: list[str], met: bool) -> None:
    assert meets(NODE, Expression(key, operator, tuple(values))) is met


def affinity(*terms: Manifest) -> Manifest:
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(terms)}}
    return {"affinity": {"nodeAffinity": required}}


def term(*values: str) -> Manifest:
    return {"matchExpressions": [{"key": "disk", "operator": "In", "values": [value]} for value in values]}


@pytest.mark.parametrize(
    ("spec", "fits"),
    [
        ({}, True),
        ({"nodeSelector": {"disk": "fast"}}, True),
        ({"nodeSelector": {"disk": "fast", "zone": "a"}}, False),
        (affinity(term("slow"), term("fast")), True),
        (affinity(term("slow", "fast")), False),
        (affinity({}), False),
        (affinity({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["b"]}]}), True),
        ({"nodeSelector": {"zone": "a"}, **affinity(term("fast"))}, False),
    ],
)
def test_the_labels_that_a_pod_asks_for(spec: Manifest, fits: bool) -> None:
    assert matches(NODE, unscheduled("no", spec=spec)) is fits


@pytest.mark.parametrize(
    ("toleration", "tolerates"),
    [
        ({"operator": "Exists"}, True),
        ({"key": "dedicated", "operator": "Exists"}, True),
        ({"key": "dedicated", "value": "ml"}, True),
        ({"key": "dedicated", "operator": "Equal", "value": "ml", "effect": "NoSchedule"}, True),
        ({"key": "dedicated", "operator": "Equal", "value": "web"}, False),
        ({"key": "dedicated", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "other", "operator": "Exists"}, False),
        ({"key": "dedicated", "operator": "Gt", "value": "1"}, True),
    ],
)
def test_the_taints_that_a_pod_tolerates(toleration: Manifest, tolerates: bool) -> None:
    assert (untolerated(NODE, unscheduled("no", spec={"tolerations": [toleration]})) == []) is tolerates


@pytest.mark.parametrize(
    ("asked", "enough"),
    [
        ({"limits": {"nvidia.com/gpu": "8"}}, True),
        ({"limits": {"nvidia.com/gpu": "9"}}, False),
        ({"limits": {"amd.com/gpu": "1"}}, False),
        ({"requests": {"cpu": "64", "memory": "512Gi"}}, True),
        ({"requests": {"cpu": "64001m"}}, False),
        ({"requests": {"memory": "513Gi"}}, False),
        ({"requests": {"ephemeral-storage": "1Pi"}}, True),
    ],
)
def test_what_a_node_has_in_all(asked: dict[str, Any], enough: bool) -> None:
    assert is_large_enough(NODE, unscheduled("no", container={"resources": asked})) is enough
