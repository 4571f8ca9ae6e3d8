import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.directives import MergeError
from modelservice_operator.plan.strategic_merge import strategic_merge


def merged(spec: Manifest, patch: Manifest) -> Manifest:
    """The spec of the pod, with the patch for it."""
    result: Manifest = strategic_merge({"spec": spec}, {"spec": patch})["spec"]
    return result


def named(*names: str) -> list[Manifest]:
    return [{"name": name} for name in names]


@pytest.mark.parametrize(
    ("spec", "patch", "expected"),
    [
        ({"a": 1}, {}, {"a": 1}),
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": 1}, {"a": "x"}, {"a": "x"}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}}, {"a": {"b": 1, "c": 3}}),
        ({"a": None}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": 1, "b": 2}, {"a": None}, {"b": 2}),
        ({}, {"a": None, "b": {"c": None}}, {"b": {}}),
        ({"tolerations": [{"key": "a"}]}, {"tolerations": [{"key": "b"}]}, {"tolerations": [{"key": "b"}]}),
    ],
)
def test_maps_are_merged_and_other_lists_replaced(spec: Manifest, patch: Manifest, expected: Manifest) -> None:
    assert merged(spec, patch) == expected


@pytest.mark.parametrize(
    ("spec", "patch", "expected"),
    [
        ({"a": {"b": 1}}, {"a": {"$patch": "replace", "c": 2}}, {"a": {"c": 2}}),
        ({"a": {"b": 1}}, {"a": {"$patch": "replace", "c": None}}, {"a": {}}),
        ({"a": {"b": 1}}, {"a": {"$patch": "delete"}}, {"a": {}}),
        ({"a": {"b": 1}}, {"a": {"$patch": "delete", "c": 2}}, {"a": {}}),
        ({}, {"a": {"$patch": "delete"}}, {}),
        ({}, {"a": {"b": {"$patch": "delete"}}}, {"a": {}}),
        ({"a": 1}, {"$patch": "delete"}, {}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"$retainKeys": ["c", "d"], "d": 3}}, {"a": {"c": 2, "d": 3}}),
        ({"a": {"b": 1}}, {"a": {"$retainKeys": ["d"], "e": None, "d": 3}}, {"a": {"d": 3}}),
        ({}, {"a": {"$retainKeys": ["d"], "d": 3}}, {"a": {"d": 3}}),
    ],
)
def test_directives_in_maps(spec: Manifest, patch: Manifest, expected: Manifest) -> None:
    assert merged(spec, patch) == expected


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ([{"name": "b", "image": "x"}], [{"name": "a"}, {"name": "b", "image": "x"}, {"name": "c"}]),
        (named("c", "a"), named("b", "c", "a")),
        (named("new"), named("new", "a", "b", "c")),
        (named("b", "new"), named("a", "b", "new", "c")),
        (named("new", "new"), named("new", "a", "b", "c")),
        ([{"name": "b", "$patch": "delete"}], named("a", "c")),
        ([{"name": "other", "$patch": "delete"}], named("a", "b", "c")),
        (
            [{"name": "b", "image": "x"}, {"name": "b", "$patch": "delete"}],
            [{"name": "b", "image": "x"}, *named("a", "c")],
        ),
        ([*named("new"), {"$patch": "replace"}, {"name": "a", "$patch": "delete"}], named("new")),
        ([{"name": "new", "args": None, "$retainKeys": ["name"]}], named("new", "a", "b", "c")),
    ],
)
def test_lists_are_merged_by_key(patch: list[Manifest], expected: list[Manifest]) -> None:
    assert merged({"containers": named("a", "b", "c")}, {"containers": patch}) == {"containers": expected}


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        (named("b", "a"), named("b", "a")),
        ([{"$patch": "replace"}, *named("a")], named("a")),
        ([{"name": "b", "$patch": "delete"}, *named("a")], named("a")),
    ],
)
def test_a_list_that_was_not_there(patch: list[Manifest], expected: list[Manifest]) -> None:
    assert merged({}, {"containers": patch}) == {"containers": expected}


@pytest.mark.parametrize(
    ("order", "patch", "expected"),
    [
        (["c", "b", "a"], [], ["c", "b", "a"]),
        (["c", "a"], [], ["b", "c", "a"]),
        (["c", "new", "a"], ["new"], ["b", "c", "new", "a"]),
        (["new"], ["new"], ["new", "a", "b", "c"]),
        (["c", "other"], [], ["a", "b", "c"]),
    ],
)
def test_the_order_of_lists(order: list[str], patch: list[str], expected: list[str]) -> None:
    by_key = {"$setElementOrder/containers": named(*order), "containers": named(*patch)}
    assert merged({"containers": named("a", "b", "c")}, by_key) == {"containers": named(*expected)}
    values = {"metadata": {"$setElementOrder/finalizers": order, "finalizers": patch}}
    assert strategic_merge({"metadata": {"finalizers": ["a", "b", "c"]}}, values) == {
        "metadata": {"finalizers": expected}
    }


def test_an_order_of_nothing() -> None:
    assert merged({}, {"$setElementOrder/containers": named("a")}) == {}


def test_an_item_takes_the_place_of_one_that_is_deleted() -> None:
    """As with kubectl, and only with an order: without a deletion it would come first."""
    patch = {
        "$setElementOrder/containers": named("new"),
        "containers": [{"name": "a", "$patch": "delete"}, *named("new")],
    }
    assert merged({"containers": named("a", "b", "c")}, patch) == {"containers": named("b", "c", "new")}


@pytest.mark.parametrize(
    ("name", "before", "deleted", "after"),
    [
        ("finalizers", ["a", "b"], ["a", "other"], ["b"]),
        ("args", ["a", "b", "a"], ["a"], ["b"]),
        ("supplementalGroups", [1, 2], [2], [1]),
        ("args", None, ["a"], None),
    ],
)
def test_values_are_deleted_from_lists(name: str, before: object, deleted: list[object], after: object) -> None:
    patch = {"metadata": {f"$deleteFromPrimitiveList/{name}": deleted}}
    assert strategic_merge({"metadata": {name: before}}, patch) == {"metadata": {name: after}}


def test_values_are_added_and_deleted() -> None:
    patch = {"metadata": {"finalizers": ["d", "b"], "$deleteFromPrimitiveList/finalizers": ["a"]}}
    assert strategic_merge({"metadata": {"finalizers": ["a", "b", "c"]}}, patch) == {
        "metadata": {"finalizers": ["d", "b", "c"]}
    }


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("containers", "name"),
        ("ephemeralContainers", "name"),
        ("hostAliases", "ip"),
        ("imagePullSecrets", "name"),
        ("initContainers", "name"),
        ("resourceClaims", "name"),
        ("schedulingGates", "name"),
        ("topologySpreadConstraints", "topologyKey"),
        ("volumes", "name"),
        ("containers.env", "name"),
        ("containers.ports", "containerPort"),
        ("containers.volumeDevices", "devicePath"),
        ("containers.volumeMounts", "mountPath"),
    ],
)
def test_what_lists_are_merged_by(name: str, key: str) -> None:
    def around(items: list[Manifest]) -> Manifest:
        outer, _, inner = name.partition(".")
        return {outer: [{"name": "server", inner: items}]} if inner else {outer: items}

    merged_items = merged(around([{key: "a", "x": 1}, {key: "b"}]), around([{key: "a", "y": 2}]))
    assert merged_items == around([{key: "a", "x": 1, "y": 2}, {key: "b"}])


def test_a_volume_of_another_kind_needs_a_directive() -> None:
    spec = {"volumes": [{"name": "cache", "emptyDir": {}}]}
    claim = {"name": "cache", "persistentVolumeClaim": {"claimName": "c"}}
    assert merged(spec, {"volumes": [claim]}) == {"volumes": [{**claim, "emptyDir": {}}]}
    retained = {**claim, "$retainKeys": ["name", "persistentVolumeClaim"]}
    assert merged(spec, {"volumes": [retained]}) == {"volumes": [claim]}


SPEC: Manifest = {
    "containers": [{"name": "server", "args": ["a"], "resources": {"limits": {}}}],
    "tolerations": [{"key": "a"}],
    "serviceAccountName": "a",
}


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        ({"containers": {}}, "spec.containers: must be a list"),
        ({"initContainers": {"name": "a"}}, "spec.initContainers: must be a list"),
        ({"containers": ["a"]}, "spec.containers[0]: must be a map"),
        ({"serviceAccountName": {}}, "spec.serviceAccountName: must be a single value"),
        ({"tolerations": "a"}, "spec.tolerations: must be a list"),
        (
            {"containers": [{"name": "server", "resources": []}]},
            "spec.containers[0].resources: must be a map",
        ),
        ({"containers": [{"image": "a"}]}, "spec.containers[0]: has no name, by which it is merged"),
        ({"containers": [{"name": None}]}, "spec.containers[0]: has no name, by which it is merged"),
        ({"containers": [{"$patch": "delete"}]}, "spec.containers[0]: has no name, by which it is merged"),
        ({"containers": [{"name": ["a"]}]}, "spec.containers[0].name: must be a text or an integer"),
        ({"containers": [{"name": True}]}, "spec.containers[0].name: must be a text or an integer"),
        (
            {"containers": [{"name": "new", "env": [{"value": "a"}]}]},
            "spec.containers[0].env[0]: has no name, by which it is merged",
        ),
        ({"$patch": "merge"}, "spec.$patch: must be delete or replace"),
        ({"containers": [{"name": "a", "$patch": []}]}, "spec.containers[0].$patch: must be delete or replace"),
        ({"$other": 1}, "spec.$other: is no directive of a strategic merge patch"),
        ({"$setElementOrder": []}, "spec.$setElementOrder: is no directive of a strategic merge patch"),
        ({"$retainKeys/a": []}, "spec.$retainKeys/a: is no directive of a strategic merge patch"),
        ({"$retainKeys": "a"}, "spec.$retainKeys: must be a list"),
        ({"$retainKeys": [1]}, "spec.$retainKeys[0]: must be a text"),
        ({"$retainKeys": ["a"], "b": 1}, "spec.b: is not among $retainKeys"),
        (
            {"$setElementOrder/tolerations": []},
            "spec.$setElementOrder/tolerations: tolerations is no list that is merged",
        ),
        ({"$setElementOrder/containers": None}, "spec.$setElementOrder/containers: must be a list"),
        (
            {"$setElementOrder/containers": [{}]},
            "spec.$setElementOrder/containers[0]: has no name, by which it is merged",
        ),
        (
            {"$setElementOrder/containers": named("a", "b"), "containers": named("b", "a")},
            "spec.containers[1]: is not in $setElementOrder/containers, or not in this order",
        ),
        (
            {"$deleteFromPrimitiveList/containers": []},
            "spec.$deleteFromPrimitiveList/containers: containers is no list of single values",
        ),
        ({"$deleteFromPrimitiveList/tolerations": ["a"]}, "spec.tolerations: is no list of single values"),
        ({"$deleteFromPrimitiveList/args": "a"}, "spec.$deleteFromPrimitiveList/args: must be a list"),
        (
            {"$deleteFromPrimitiveList/args": [{}]},
            "spec.$deleteFromPrimitiveList/args[0]: must be a text or an integer",
        ),
        ({"$deleteFromPrimitiveList/serviceAccountName": ["a"]}, "spec.serviceAccountName: must be a list"),
        (
            {"containers": [{"name": "server", "$patch": "replace"}]},
            "spec.containers[0]: $patch: replace is about the whole list and stands in an item of its own",
        ),
        (
            {"tolerations": [{"$patch": "replace"}]},
            "spec.tolerations[0]: $patch has no meaning in a list that is replaced as a whole",
        ),
        (
            {"affinity": {"a": [{"b": [{"$other": 1}]}]}},
            "spec.affinity.a[0].b[0]: $other has no meaning in a list that is replaced as a whole",
        ),
        (
            {"securityContext": {"$patch": "replace", "runAsUser": 1}},
            "spec.securityContext: there is nothing that $patch: replace could replace",
        ),
        (
            {"containers": [{"name": "new", "resources": {"$patch": "delete"}}]},
            "spec.containers[0].resources: $patch has no meaning where all is new",
        ),
    ],
)
def test_what_cannot_be_merged(patch: Manifest, message: str) -> None:
    with pytest.raises(MergeError) as refused:
        merged(SPEC, patch)
    assert refused.value.message == message


@pytest.mark.parametrize(
    ("template", "patch", "message"),
    [
        (
            {"spec": {"containers": [{}]}},
            {"spec": {"containers": named("a")}},
            "the template's spec.containers[0]: has no name, by which it is merged",
        ),
        ({"spec": {"containers": 1}}, {"spec": {"containers": []}}, "spec.containers: must be a single value"),
        ({}, [], "the patch: must be a map"),
    ],
)
def test_what_is_no_pod_template(template: Manifest, patch: Any, message: str) -> None:
    with pytest.raises(MergeError) as refused:
        strategic_merge(template, patch)
    assert refused.value.message == message


def test_a_patch_has_a_bottom() -> None:
    patch: Manifest = {}
    for _ in range(5000):
        patch = {"a": patch}
    with pytest.raises(MergeError, match="the patch: is nested too deeply"):
        strategic_merge({}, patch)


words = st.sampled_from(["a", "b", "delete", "replace", "server"])
names = st.sampled_from(
    [
        *("spec", "metadata", "containers", "env", "ports", "finalizers", "volumes", "args", "name", "containerPort"),
        *(
            "$patch",
            "$retainKeys",
            "$other",
            "$setElementOrder",
            "$deleteFromPrimitiveList/",
            "$deleteFromPrimitiveList/a",
        ),
        *("$setElementOrder/containers", "$setElementOrder/finalizers", "$deleteFromPrimitiveList/finalizers"),
    ]
)
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), words),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=4)),
    max_leaves=20,
)
objects = st.dictionaries(names, anything, max_size=3)
pods = st.fixed_dictionaries({"metadata": objects, "spec": objects})


@settings(max_examples=1000, deadline=None)
@given(st.one_of(objects, pods), st.one_of(objects, pods))
def test_anything_is_merged_or_refused(template: Manifest, patch: Manifest) -> None:
    before = copy.deepcopy((template, patch))
    try:
        result = strategic_merge(template, patch)
    except MergeError as error:
        assert ": " in error.message
    else:
        scribble(result)
    assert repr((template, patch)) == repr(before)


def scribble(value: object) -> None:
    """Change every map and every list."""
    if isinstance(value, dict):
        for item in value.values():
            scribble(item)
        value["scribbled"] = True
    elif isinstance(value, list):
        for item in value:
            scribble(item)
        value.append("scribbled")
