import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.duplicates import duplicates


def server(**fields: object) -> Manifest:
    return {"spec": {"containers": [{"name": "server", **fields}]}}


TWICE = [
    ({"spec": {"containers": [{"name": "a"}, {"name": "b"}, {"name": "a"}]}}, "spec.containers: a"),
    ({"spec": {"volumes": [{"name": "a"}, {"name": "a"}, {"name": "a"}]}}, "spec.volumes: a"),
    (server(env=[{"name": "HOME"}, {"name": "HOME"}]), "spec.containers[server].env: HOME"),
    (
        server(ports=[{"containerPort": 80}, {"containerPort": 80, "protocol": "TCP"}]),
        "spec.containers[server].ports: 80 TCP",
    ),
    (server(volumeMounts=[{"mountPath": "/a"}, {"mountPath": "/a"}]), "spec.containers[server].volumeMounts: /a"),
    (server(resources={"claims": [{"name": "a"}, {"name": "a"}]}), "spec.containers[server].resources.claims: a"),
    (
        server(restartPolicyRules=[{"exitCodes": {"values": [1, 1]}}]),
        "spec.containers[server].restartPolicyRules[0].exitCodes.values: 1",
    ),
    ({"spec": {"hostAliases": [{"ip": "a"}, {"ip": "a"}]}}, "spec.hostAliases: a"),
    (
        {"spec": {"topologySpreadConstraints": [{"topologyKey": "a", "whenUnsatisfiable": "b"}] * 2}},
        "spec.topologySpreadConstraints: a b",
    ),
    ({"metadata": {"finalizers": ["a", "a"]}}, "metadata.finalizers: a"),
]


@pytest.mark.parametrize(("template", "where"), TWICE)
def test_what_stands_twice(template: Manifest, where: str) -> None:
    assert duplicates(template) == [f"{where} stands twice"]


@pytest.mark.parametrize(
    "template",
    [
        server(args=["a", "a"]),
        server(env=[{"name": "A"}, {"name": "B"}]),
        server(ports=[{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 80, "protocol": "UDP"}]),
        {"spec": {"topologySpreadConstraints": [{"topologyKey": "a", "whenUnsatisfiable": value} for value in "bc"]}},
        {"spec": {"tolerations": [{"key": "a"}, {"key": "a"}]}},
        {"spec": {"containers": [{}, {}]}},
        {"spec": {"containers": [{"name": "a", "env": [{"name": "A"}]}, {"name": "b", "env": [{"name": "A"}]}]}},
    ],
)
def test_what_may_stand_twice(template: Manifest) -> None:
    assert duplicates(template) == []


names = st.sampled_from(["spec", "metadata", "containers", "env", "finalizers", "name", "resources", "claims"])
values = st.recursive(
    st.one_of(st.none(), st.integers(), st.text(max_size=2)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)),
)


@given(st.dictionaries(names, values))
def test_any_template_has_an_answer(template: Manifest) -> None:
    assert all(said.endswith(" stands twice") for said in duplicates(template))
