"""Whatever the API accepts, the planner answers: with children, or with what is wrong and how to mend it."""

import json
import string
from collections.abc import Iterator

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from modelservice_operator.api.read import read_spec
from modelservice_operator.api.rules import CUSTOM, RUNTIMES
from modelservice_operator.api.uri import SCHEMES
from modelservice_operator.documents import write_documents
from modelservice_operator.manifest import Manifest, canonical_json
from modelservice_operator.plan.children import desired_children
from modelservice_operator.plan.errors import PlanError
from modelservice_operator.plan.replicas import intended_replicas
from modelservice_operator.plan.revision import controller_revision, inputs, revision_hash
from modelservice_operator.plan.template import render
from modelservice_operator.records.parent import Parent
from modelservice_operator.runtimes.catalogue import builtin
from unit.typed import check_types

PARENT = Parent.from_manifest({"metadata": {"name": "qwen", "namespace": "ml", "uid": "u-1"}})

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
words = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=8)
sizes = st.builds("{}{}".format, st.integers(2, 9999), st.sampled_from(["M", "G", "Mi", "Gi"]))
flags = st.sampled_from(
    [
        "--port",
        "-p",
        "-tp",
        "--shutdown_timeout",
        "--exit-timeout-secs",
        "--no-port",
        "--served-model-name",
        "-a",
        "--x",
    ]
)
arguments = st.one_of(texts, flags, st.builds("{}={}".format, flags, st.one_of(texts, st.integers().map(str))))
references = st.sampled_from(
    [
        {"fieldRef": {"fieldPath": "metadata.name"}},
        {"secretKeyRef": {"name": "s", "key": "k", "optional": False}},
        {"configMapKeyRef": {"name": "c", "key": "k"}},
        {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1024Ki"}},
    ]
)
variables = st.one_of(
    st.fixed_dictionaries({"name": words}, optional={"value": texts}),
    st.fixed_dictionaries({"name": st.sampled_from(["HF_HOME", "HF_TOKEN", "PORT"]), "valueFrom": references}),
)
ports = st.integers(1, 65535)
hub_ends = st.sampled_from(["", "-GGUF", "@main", "-GGUF@main", ":Q4_K_M", "/q4/model.gguf", "/model.gguf@main"])
places = st.sampled_from(["", "/path", "/a/b.gguf"])
uris = {
    "hf": st.builds("hf://{}/{}{}".format, words, words, hub_ends),
    "pvc": st.builds("pvc://{}{}".format, words, places),
    "oci": st.builds("oci://r.io/{}{}".format, words, st.sampled_from(["", ":v1", "@sha256:" + "0a" * 32])),
    "ollama": st.builds("ollama://{}{}".format, words, st.sampled_from(["", ":8b"])),
    "s3": st.builds("s3://{}{}".format, words, places),
    "gs": st.builds("gs://{}{}".format, words, places),
    "az": st.builds("az://{}{}".format, words, places),
    "http": st.builds("http://{}/model.gguf".format, words),
    "https": st.builds("https://{}/model.gguf{}".format, words, st.sampled_from(["", "?version=1"])),
}
described = {"name": words, "size": sizes, "format": st.sampled_from(["safetensors", "gguf", "onnx"])}
secrets = {"credentials": st.fixed_dictionaries({"secretName": words})}
opened = [uris[scheme] for scheme in ("hf", "s3", "gs", "az")]
open_models = st.fixed_dictionaries({"uri": st.one_of(opened)}, optional={**described, **secrets})
models = st.one_of(open_models, st.fixed_dictionaries({"uri": st.one_of(list(uris.values()))}, optional=described))
mounted_models = st.fixed_dictionaries({"uri": uris["pvc"] | uris["oci"]}, optional=described)
adjusted = {
    "args": st.lists(arguments, max_size=5),
    "env": st.lists(variables, max_size=4, unique_by=lambda variable: variable["name"]),
}
built_in_names = st.sampled_from([name for name in RUNTIMES if name != CUSTOM])
built_in = st.fixed_dictionaries({}, optional={**adjusted, "name": built_in_names, "image": words})
custom = st.fixed_dictionaries(
    {"name": st.just("custom"), "image": words},
    optional={
        **adjusted,
        "command": st.lists(words, max_size=2),
        "port": ports,
        "healthPath": words.map("/{}".format),
    },
)
vendors = st.sampled_from(["nvidia", "amd", "intel", "gaudi", "tpu", "neuron"])
amounts = st.dictionaries(
    st.sampled_from(["cpu", "memory", "ephemeral-storage"]), st.integers(1, 99).map("{}Gi".format)
)
requirements = st.fixed_dictionaries({"key": words, "operator": st.just("In"), "values": st.lists(words, min_size=1)})
node_terms = st.lists(
    st.fixed_dictionaries({}, optional={"matchExpressions": st.lists(requirements, max_size=2)}), min_size=1, max_size=2
)
affinities = st.fixed_dictionaries(
    {},
    optional={
        "nodeAffinity": st.builds(
            lambda terms: {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}, node_terms
        )
    },
)
placements = st.fixed_dictionaries(
    {},
    optional={
        "nodeSelector": st.dictionaries(words, words, max_size=2),
        "tolerations": st.lists(
            st.fixed_dictionaries({"operator": st.just("Exists")}, optional={"key": words}), max_size=2
        ),
        "affinity": affinities,
        "topologySpread": st.sampled_from(["Node", "Zone", "None"]),
        "priorityClassName": words,
        "schedulerName": words,
        "runtimeClassName": words,
    },
)
ingresses = st.fixed_dictionaries(
    {"host": words},
    optional={
        "className": words,
        "tls": st.fixed_dictionaries({}, optional={"secretName": words}),
        "annotations": st.dictionaries(words, texts, max_size=2),
    },
)
scalings = st.fixed_dictionaries(
    {"maxReplicas": st.integers(4, 9), "targets": st.just([{"type": "CPUUtilization", "value": 80}])},
    optional={
        "minReplicas": st.integers(1, 4),
        "metrics": st.lists(
            st.fixed_dictionaries(
                {
                    "type": st.just("External"),
                    "external": st.fixed_dictionaries(
                        {
                            "metric": st.fixed_dictionaries({"name": words}),
                            "target": st.just({"type": "AverageValue", "averageValue": "1000m"}),
                        }
                    ),
                }
            ),
            max_size=2,
        ),
        "behavior": st.just({"scaleDown": {"policies": [], "tolerance": "0.05", "stabilizationWindowSeconds": 0}}),
    },
)
patches = st.fixed_dictionaries(
    {},
    optional={
        "metadata": st.fixed_dictionaries({}, optional={"labels": st.dictionaries(words, words, max_size=1)}),
        "spec": st.sampled_from(
            [
                {"containers": [{"name": "server", "tty": True}, {"name": "proxy", "image": "x"}]},
                {
                    "containers": [
                        {"name": "server", "$patch": "delete"},
                        {"name": "other", "image": "x", "env": [{"name": "A"}]},
                    ]
                },
                {"tolerations": [{"operator": "Exists"}], "imagePullSecrets": [{"name": "registry"}]},
                {"volumes": [{"name": "cache", "$retainKeys": ["name", "hostPath"], "hostPath": {"path": "/x"}}]},
                {"containers": [{"image": "nameless"}]},
                {"volumes": {}},
            ]
        ),
    },
)
common = {
    "accelerator": st.fixed_dictionaries(
        {},
        optional={
            "vendor": vendors,
            "count": st.integers(1, 16),
            "products": st.lists(words, max_size=2),
            "memory": st.integers(1, 1024).map("{}Gi".format),
        },
    ),
    "resources": st.fixed_dictionaries({}, optional={"requests": amounts, "limits": amounts}),
    "placement": placements,
    "replicas": st.integers(0, 100),
    "rollout": st.fixed_dictionaries(
        {},
        optional={
            "strategy": st.sampled_from(["Surge", "Replace"]),
            "paused": st.booleans(),
            "restart": texts,
            "progressDeadlineSeconds": st.integers(10, 604800),
            "revisionHistoryLimit": st.integers(0, 10),
        },
    ),
    "endpoint": st.fixed_dictionaries({}, optional={"port": ports, "ingress": ingresses}),
    "scaling": scalings,
    "podTemplate": patches,
    "disruption": st.fixed_dictionaries({}, optional={"maxUnavailable": st.sampled_from([0, 2, "3", "25%"])}),
    "serviceAccountName": words,
    "suspend": st.booleans(),
}
specs = st.one_of(
    st.fixed_dictionaries({"model": models}, optional={**common, "runtime": built_in}),
    st.fixed_dictionaries({"runtime": custom}, optional={**common, "model": mounted_models}),
)


def planned(raw: Manifest) -> list[Manifest]:
    """Children and ControllerRevision."""
    spec = read_spec(raw, PARENT.name)
    wanted = inputs(PARENT.name, spec)
    hashed = revision_hash(wanted)
    template = render(PARENT.name, spec, builtin(), hashed).template
    return [
        *desired_children(PARENT, spec, template, intended_replicas(spec, exists=False)),
        controller_revision(PARENT, wanted, template, hashed, 1),
    ]


def empty_leaves(value: object, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if item in (None, "", {}, []) and key not in {"emptyDir", "accelerator", "inputs", "annotations"}:
                yield f"{path}.{key}"
            if key != "annotations":
                yield from empty_leaves(item, f"{path}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from empty_leaves(item, f"{path}[{index}]")


@settings(max_examples=300, deadline=None)
@given(specs)
def test_every_accepted_spec_has_an_answer(raw: Manifest) -> None:
    try:
        manifests = planned(raw)
    except PlanError as error:
        assert error.message.startswith("spec.")
        assert error.remedy.endswith(".")
        return
    for manifest in manifests:
        check_types(manifest)
    assert list(empty_leaves(manifests)) == []
    deployment = manifests[0]
    pod = deployment["spec"]["template"]["spec"]
    volumes = {volume["name"] for volume in pod.get("volumes", ())}
    for container in (*pod.get("initContainers", ()), *pod["containers"]):
        assert {mount["name"] for mount in container.get("volumeMounts", ())} <= volumes
        environment = container.get("env", ())
        assert len({entry["name"] for entry in environment}) == len(environment)


SOURCES = [(name, scheme) for name, runtime in builtin().items() for scheme in runtime.schemes]


@pytest.mark.parametrize(("name", "scheme"), SOURCES, ids=lambda part: part)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_every_runtime_serves_from_every_source_that_it_names(name: str, scheme: str, data: st.DataObject) -> None:
    """Refused is at most what the URI chooses beside the source."""
    runtime = {"name": name, "image": "x"}
    uri = data.draw(uris[scheme])
    try:
        deployment, *_ = planned({"model": {"uri": uri}, "runtime": runtime})
    except PlanError as error:
        assert "cannot choose" in error.message or "needs the path of a file" in error.message
        return
    (server,) = deployment["spec"]["template"]["spec"]["containers"]
    assert ("/model" in [mount["mountPath"] for mount in server["volumeMounts"]]) is (
        builtin()[name].schemes[scheme] != "native"
    )


def test_every_scheme_has_a_strategy() -> None:
    assert uris.keys() == set(SCHEMES)


@settings(deadline=None)
@given(specs)
def test_the_same_spec_gives_the_same_plan(raw: Manifest) -> None:
    """Also after a trip through JSON with its keys in another order, as the API server may answer."""
    try:
        expected = canonical_json(planned(raw))
    except PlanError:
        return
    assert canonical_json(planned(json.loads(json.dumps(raw, sort_keys=True)))) == expected


@settings(deadline=None)
@given(specs)
def test_a_plan_survives_yaml(raw: Manifest) -> None:
    try:
        expected = planned(raw)
    except PlanError:
        return
    assert list(yaml.safe_load_all(write_documents(expected))) == expected
