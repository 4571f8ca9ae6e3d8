"""A patch for a pod template makes of it what the real kubectl makes of it, or is refused."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localcluster.build import programs
from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.directives import MergeError
from modelservice_operator.plan.strategic_merge import strategic_merge
from modelservice_operator.plan.template import render
from modelservice_operator.runtimes.catalogue import builtin

Values = st.SearchStrategy[Any]


def rendered(spec: Manifest) -> Manifest:
    return render("qwen", ModelServiceSpec.model_validate(spec), builtin(), "bcdfgh").template


TEMPLATES: Final = {
    "one-device": rendered({"model": {"uri": "hf://org/repo"}}),
    "two-devices": rendered({"model": {"uri": "hf://org/repo"}, "accelerator": {"count": 2}}),
    "no-server": rendered({"runtime": {"name": "custom", "image": "custom:1", "args": ["-v"]}}),
    "everything": {
        "metadata": {
            "labels": {"a": "1", "b": "2"},
            "finalizers": ["x.dev/a", "x.dev/b", "x.dev/c"],
            "ownerReferences": [{"uid": "u-1", "name": "a"}, {"uid": "u-2", "name": "b"}],
        },
        "spec": {
            "nodeSelector": {"a": "1"},
            "containers": [
                {
                    "name": "server",
                    "image": "server:1",
                    "args": ["a", "b", "c"],
                    "env": [{"name": name, "value": "1"} for name in ("HOME", "USER", "PATH", "LANG")],
                    "ports": [
                        {"containerPort": 8000, "protocol": "TCP"},
                        {"containerPort": 9000, "name": "admin"},
                        {"containerPort": 8000, "protocol": "UDP"},
                    ],
                    "volumeMounts": [
                        {"mountPath": "/cache", "name": "cache"},
                        {"mountPath": "/model", "name": "model"},
                    ],
                    "volumeDevices": [{"devicePath": "/dev/a", "name": "a"}],
                    "livenessProbe": {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 5},
                    "resources": {"limits": {"cpu": "1", "memory": "1Gi"}},
                    "securityContext": {"runAsUser": 1, "capabilities": {"drop": ["ALL"]}},
                },
                {"name": "proxy", "image": "proxy:1"},
                {"name": "logs", "image": "logs:1"},
            ],
            "initContainers": [{"name": "fetch", "image": "fetch:1"}, {"name": "proxy", "image": "proxy:2"}],
            "volumes": [
                {"name": "cache", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
                {"name": "model", "persistentVolumeClaim": {"claimName": "model"}},
            ],
            "imagePullSecrets": [{"name": "a"}, {"name": "b"}],
            "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["a"]}],
            "tolerations": [{"key": "a", "operator": "Exists"}, {"key": "b", "operator": "Exists"}],
            "topologySpreadConstraints": [
                {"topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "maxSkew": 1},
                {"topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway", "maxSkew": 1},
                {"topologyKey": "host", "whenUnsatisfiable": "ScheduleAnyway", "maxSkew": 1},
            ],
            "resourceClaims": [{"name": "gpu", "resourceClaimName": "a"}],
            "schedulingGates": [{"name": "x.dev/a"}],
        },
    },
}

STRICTER: Final = (
    "there is nothing that $patch: replace could replace",
    "has no meaning in a list that is replaced as a whole",
    "$patch has no meaning where all is new",
    "$patch: must be delete or replace",
)
"""Refused, while kubectl may lose what the patch asks for, take the directive for a field, or not look at it."""

ORDER: Final = "$setElementOrder/"
DELETE_FROM: Final = "$deleteFromPrimitiveList/"
ACTIONS: Final = {5: "replace", 6: "replace", 7: "delete", 8: "delete", 9: "merge"}
texts = st.sampled_from(["a", "b", "c", "1"])


def pool(*values: object) -> Values:
    return st.sampled_from(values)


@st.composite
def maps(draw: st.DrawFn, fields: Mapping[str, Values], lists: Mapping[str, tuple[str, Values]] | None = None) -> Any:
    """A map with some of the fields, sometimes with directives; of `lists` it orders some, which have such keys."""
    patch = dict(draw(st.fixed_dictionaries({}, optional=dict(fields))))
    for name, (key, values) in (lists or {}).items():
        if draw(pool(True, False, False)):
            items = patch.get(name) or []
            ordered = [item if key == "" else item[key] for item in items if not is_special(item)]
            for other in draw(st.lists(values, max_size=3)):
                ordered.insert(draw(st.integers(0, len(ordered))), other)
            # kubectl refuses an order without items for a list without items.
            if ordered and items:
                patch[f"{ORDER}{name}"] = [item if key == "" else {key: item} for item in ordered]
    choice = draw(st.integers(0, 40))
    if choice in ACTIONS:
        patch["$patch"] = ACTIONS[choice]
    elif choice < 5:
        kept = draw(st.lists(st.sampled_from(sorted({*fields, "name"})), max_size=3))
        patch["$retainKeys"] = [*(key for key in patch if not key.startswith("$")), *kept]
    return patch


def is_special(item: object) -> bool:
    return isinstance(item, dict) and "$patch" in item


@st.composite
def keyed(draw: st.DrawFn, key: str, values: Values, items: Values) -> Any:
    """A list of maps that have this key, of which some delete; sometimes one that replaces the whole."""
    patch: list[Manifest] = []
    for value in draw(st.lists(values, min_size=1, max_size=3)):
        item = {name: inner for name, inner in draw(items).items() if name != "$patch"}
        if "$retainKeys" in item:
            item["$retainKeys"] = [*item["$retainKeys"], key]
        patch.append({**item, key: value, **draw(pool({}, {}, {}, {"$patch": "delete"}))})
        if draw(pool(*[False] * 5, True)):
            patch.append({key: value, "$patch": "delete"})
    return [*draw(pool([], [], [], [], [{"$patch": "replace"}])), *patch]


NAMES: Final = {
    "containers": pool("server", "proxy", "logs", "new"),
    "env": pool("HOME", "USER", "HF_HOME", "PATH", "NEW"),
    "ports": pool(8000, 9000, 7000),
    "volumeMounts": pool("/cache", "/model", "/dev/shm", "/new"),  # noqa: S108
    "volumeDevices": pool("/dev/a", "/dev/b"),
    "volumes": pool("cache", "model", "shared-memory", "new"),
    "imagePullSecrets": pool("a", "b", "c"),
    "hostAliases": pool("10.0.0.1", "10.0.0.2"),
    "topologySpreadConstraints": pool("zone", "host", "rack"),
    "resourceClaims": pool("gpu", "nic"),
    "schedulingGates": pool("x.dev/a", "x.dev/b"),
    "ownerReferences": pool("u-1", "u-2", "u-3"),
    "finalizers": pool("x.dev/a", "x.dev/b", "x.dev/c", "x.dev/d"),
}
KEYS: Final = {
    **dict.fromkeys(("containers", "env", "volumes", "imagePullSecrets", "resourceClaims", "schedulingGates"), "name"),
    "ports": "containerPort",
    "volumeMounts": "mountPath",
    "volumeDevices": "devicePath",
    "hostAliases": "ip",
    "topologySpreadConstraints": "topologyKey",
    "ownerReferences": "uid",
    "finalizers": "",
}


def lists_of(*names: str) -> dict[str, tuple[str, Values]]:
    return {name: (KEYS[name], NAMES[name]) for name in names}


def items_of(name: str, fields: Mapping[str, Values], lists: Mapping[str, tuple[str, Values]] | None = None) -> Values:
    return keyed(KEYS[name], NAMES[name], maps(fields, lists))


labels = maps({"a": texts, "b": st.none(), "c": texts})
probe = maps({"httpGet": maps({"path": texts, "port": pool("http", 80)}), "periodSeconds": pool(1, 2, None)})
tolerations = st.lists(pool({"key": "a"}, {"key": "c", "value": None}, {"$patch": "replace"}), max_size=2)
container = {
    "image": pool("image:2", None),
    "args": st.lists(texts, max_size=2),
    f"{DELETE_FROM}args": st.lists(pool("a", "b", "-v"), max_size=2),
    "env": items_of("env", {"value": texts, "valueFrom": maps({"fieldRef": maps({"fieldPath": texts})})}),
    "ports": items_of("ports", {"name": texts, "protocol": pool("TCP", "UDP")}),
    "volumeMounts": items_of("volumeMounts", {"name": texts, "readOnly": st.booleans()}),
    "volumeDevices": items_of("volumeDevices", {"name": texts}),
    "livenessProbe": st.one_of(st.none(), probe),
    "resources": maps({"limits": maps({"cpu": texts, "memory": texts}), "requests": labels}),
    "securityContext": maps({"runAsUser": pool(0, 5), "capabilities": maps({"drop": st.lists(texts, max_size=1)})}),
}
containers = items_of("containers", container, lists_of("env", "ports", "volumeMounts", "volumeDevices"))
spec = {
    "nodeSelector": labels,
    "serviceAccountName": pool("a", None),
    "containers": containers,
    "initContainers": containers,
    "volumes": items_of(
        "volumes",
        {"emptyDir": maps({"medium": texts, "sizeLimit": texts}), "secret": maps({"secretName": texts})},
    ),
    "imagePullSecrets": items_of("imagePullSecrets", {}),
    "hostAliases": items_of("hostAliases", {"hostnames": st.lists(texts, max_size=2)}),
    "topologySpreadConstraints": items_of("topologySpreadConstraints", {"maxSkew": pool(1, 2)}),
    "resourceClaims": items_of("resourceClaims", {"resourceClaimName": texts}),
    "schedulingGates": items_of("schedulingGates", {}),
    "tolerations": tolerations,
    "affinity": maps({"nodeAffinity": maps({"a": tolerations, "b": texts})}),
}
metadata = {
    "labels": labels,
    "annotations": labels,
    "finalizers": st.lists(NAMES["finalizers"], min_size=1, max_size=3),
    "ownerReferences": items_of("ownerReferences", {"name": texts}),
}
lists_of_spec = lists_of(
    "containers",
    "volumes",
    "imagePullSecrets",
    "hostAliases",
    "topologySpreadConstraints",
    "resourceClaims",
    "schedulingGates",
)
lists_of_metadata = lists_of("finalizers", "ownerReferences")
deletions = st.fixed_dictionaries({f"{DELETE_FROM}finalizers": st.lists(NAMES["finalizers"], max_size=2)})
patches = st.fixed_dictionaries(
    {},
    optional={
        "metadata": st.one_of(maps(metadata, lists_of_metadata), deletions),
        "spec": maps(spec, lists_of_spec),
    },
)


def patched(program: Path, templates: Mapping[str, Manifest], patch: Manifest) -> dict[str, Manifest]:
    """What kubectl makes of each of the templates; those that it refuses to patch are missing."""
    objects = [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {"template": template}}
        for name, template in templates.items()
    ]
    command = [str(program), "--kubeconfig", "/dev/null", "patch", "--local", "--filename", "-", "--output", "json"]
    done = subprocess.run(
        [*command, "--type", "strategic", "--patch", json.dumps({"spec": {"template": patch}})],
        input=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    found = {item["metadata"]["name"]: item["spec"]["template"] for item in documents(done.stdout)}
    assert len(found) == len(templates) or done.returncode, done.stderr
    return found


def documents(text: str) -> Iterator[Manifest]:
    decoder = json.JSONDecoder()
    while text := text.lstrip():
        document, end = decoder.raw_decode(text)
        yield document
        text = text[end:]


def directives(value: object) -> Iterator[str]:
    """Every directive in a patch."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key.startswith("$"):
                yield f"{key}: {item}" if key == "$patch" else key.partition("/")[0]
            yield from directives(item)
    elif isinstance(value, list):
        for item in value:
            yield from directives(item)


def stored(value: object) -> object:
    """What the API server keeps: it knows no field that is called like a directive, and no null."""
    if isinstance(value, dict):
        return {key: stored(item) for key, item in value.items() if not key.startswith("$") and item is not None}
    return [stored(item) for item in value] if isinstance(value, list) else value


def agree(template: Manifest, patch: Manifest, theirs: Manifest | None) -> bool:
    """Whether the patch was merged; fails where kubectl would not agree."""
    try:
        merged = strategic_merge(template, patch)
    except MergeError as error:
        assert theirs is None or error.message.endswith(STRICTER), error.message
        return False
    assert theirs is not None
    assert not any(directive.startswith("$patch") for directive in directives(theirs))
    assert merged == stored(theirs)
    return True


@pytest.fixture(scope="module")
def kubectl_program() -> Path:
    return programs(print).kubectl


def test_patches_are_merged_as_by_kubectl(kubectl_program: Path) -> None:
    counts: Counter[str] = Counter()

    @settings(max_examples=250, derandomize=True, database=None, deadline=None)
    @given(patches)
    def compare(patch: Manifest) -> None:
        theirs = patched(kubectl_program, TEMPLATES, patch)
        for name, template in TEMPLATES.items():
            if agree(template, patch, theirs.get(name)):
                counts.update({"merged", *directives(patch)})
            else:
                counts["refused"] += 1

    compare()
    assert counts["merged"] > counts["refused"]
    for directive in ("$patch: delete", "$patch: replace", "$retainKeys", ORDER[:-1], DELETE_FROM[:-1]):
        assert counts[directive] > 20, f"{directive} was hardly tried"


@pytest.mark.parametrize(
    "spec",
    [
        {"containers": [{"image": "server:2"}]},
        {"containers": [{"name": "proxy", "$patch": "merge"}]},
        {"containers": [{"name": "proxy", "$patch": "other"}]},
        {"containers": [{"$patch": "delete"}]},
        {"containers": ["server"]},
        {"containers": [{"name": "server", "resources": {"$patch": "merge"}}]},
        {"$setElementOrder/containers": [{"name": "server"}], "containers": [{"name": "proxy"}]},
        {"$setElementOrder/containers": [{}]},
        {"$setElementOrder/containers": {}},
        {"$retainKeys": ["volumes"], "nodeSelector": {"a": "2"}},
        {"$retainKeys": "volumes"},
        {"$deleteFromPrimitiveList": ["a"]},
        {"$setElementOrder": ["a"]},
        {"$deleteFromPrimitiveList/containers": ["a"]},
    ],
)
def test_what_kubectl_refuses_is_refused(kubectl_program: Path, spec: Manifest) -> None:
    template = TEMPLATES["everything"]
    assert patched(kubectl_program, {"everything": template}, {"spec": spec}) == {}
    with pytest.raises(MergeError):
        strategic_merge(template, {"spec": spec})


@pytest.mark.parametrize(
    ("spec", "lost"),
    [
        ({"securityContext": {"$patch": "replace", "runAsUser": 7}}, "7"),
        ({"containers": [{"name": "new", "image": "new:1", "$patch": "replace"}]}, "new"),
    ],
)
def test_what_kubectl_loses_is_refused(kubectl_program: Path, spec: Manifest, lost: str) -> None:
    template = TEMPLATES["everything"]
    theirs = patched(kubectl_program, {"everything": template}, {"spec": spec})["everything"]
    assert lost not in json.dumps(theirs)
    with pytest.raises(MergeError):
        strategic_merge(template, {"spec": spec})
