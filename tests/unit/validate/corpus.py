"""Objects to be judged: good ones, and each with one thing changed at a time, as their schema suggests."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from modelservice_operator.api.crd import crd
from unit.api.tables import MANIFEST, ROWS, SECRET, custom, patched
from unit.validate.sample import SAMPLE, sample_crd

GOOD = """
apiVersion: modelservice.dev/v1alpha1
kind: ModelService
metadata: {name: qwen, namespace: ml}
spec: {model: {uri: "hf://Qwen/Qwen3-8B"}}
"""
BAD = GOOD.replace("hf:", "ftp:")

Path = tuple[str | int, ...]

OTHER_TYPES: tuple[Any, ...] = (None, True, 7, 1.5, 2.0, "text", "", [], [None], ["text"], {}, {"a": 1})
BEYOND = (-1, 0, 0.7, 2**31, 2**53, -(2**63), 1e21, 0.000001, 1234567.5, 123456.5)
TEXTS = (" ", "é", 'a"b\\c\n\t\x00\x7f\u200b', "1Gi", "1e3", "-5", "2026-11-22", "a\0b")
NAMES = ("a", "A", "a.b", "a-", "-a", "a" * 63, "a" * 64, "a" * 254, "ä")
METADATA: list[dict[str, Any]] = [
    {"name": None},
    {"name": ""},
    {"name": None, "generateName": "qwen-"},
    {"name": None, "generateName": "Qwen-"},
    {"name": None, "generateName": "q" * 57 + "-and-more"},
    {"generateName": "-"},
    *({"name": name} for name in NAMES),
    *({"labels": {name: "x"}} for name in (*NAMES, "", "a/b", "/b", "a/", "a/b/c", "A/b")),
    *({"labels": {"a": value}} for value in (*NAMES, "")),
    *({"annotations": {name: "any thing"}} for name in (*NAMES, "a/b", "A/b")),
    {"annotations": {"a": "x" * 256 * 1024}},
    {"finalizers": ["a/b"]},
    {"finalizers": ["a b"]},
    {"labels": {"a": None}},
    {"labels": {"a": 1}},
    {"labels": ["a"]},
    {"finalizers": "a/b"},
    {"generation": "1"},
    {"nmae": "x"},
    {"ownerReferences": [{"nmae": "x"}]},
]


def model_services() -> dict[str, dict[str, Any]]:
    """ModelServices by what is special about them."""
    schema = crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    rows = {row.name: patched(MANIFEST, row.patch) for row in ROWS}
    full = rows["everything that vllm takes"]
    own = patched(
        MANIFEST, custom({"uri": "pvc://models", "size": 10**9}, command=["serve"], port=9000, healthPath="/")
    )
    sources = [
        {"name": "S", "valueFrom": SECRET},
        {"name": "F", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "R", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}},
    ]
    own["spec"]["runtime"]["env"] = sources
    metadata = {f"metadata {change}"[:80]: patched(MANIFEST, {"metadata": change}) for change in METADATA}
    return rows | metadata | changed("vllm", full, schema) | changed("custom", own, schema) | whole(MANIFEST)


def samples() -> dict[str, dict[str, Any]]:
    """Objects of the sample CRD by what is special about them."""
    schema = sample_crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    named = {key: replaced(SAMPLE, ("spec", "limits"), {key: 1}) for key in ("gpu", "tpu")}
    named["worse"] = replaced(SAMPLE, ("spec", "two-words"), "worse")
    return {"sample": SAMPLE} | named | changed("sample", SAMPLE, schema)


def whole(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Changes at the root, of the kind that a schema does not suggest."""
    changes: list[dict[str, Any]] = [{"spec": value} for value in OTHER_TYPES]
    changes += [{"status": value} for value in ({}, "text", {"ready": 1}, {"raedy": "1/1"})]
    changes += [{"metadata": None}, {"metadata": "text"}, {"metadata": []}, {"metadata": {}}, {"sepc": {}}]
    return {f"root {change}": manifest | change for change in changes}


def changed(name: str, manifest: dict[str, Any], schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The manifest with every value in its spec changed in every way, one at a time."""
    result = {}
    for path, known in places(manifest["spec"], schema["properties"]["spec"], ("spec",)):
        for value in values(known):
            result[f"{name} {path} {value!r}"[:200]] = replaced(manifest, path, value)
        result[f"{name} {path} absent"] = replaced(manifest, path, ..., absent=True)
        for change in variants(found(manifest, path)):
            result[f"{name} {path} becomes {change!r}"[:200]] = replaced(manifest, path, change)
    return result


def places(value: Any, schema: dict[str, Any], path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every place in a value, with its schema."""
    yield path, schema
    if isinstance(value, dict):
        for field, inside in value.items():
            known = schema.get("properties", {}).get(field, schema.get("additionalProperties", {}))
            yield from places(inside, known, (*path, field))
    elif isinstance(value, list):
        for index, item in enumerate(value[:2]):
            yield from places(item, schema.get("items", {}), (*path, index))


def values(schema: dict[str, Any]) -> Iterator[Any]:
    """What a field may be given instead: other types, and what is just within and just beyond its bounds."""
    yield from OTHER_TYPES
    if schema.get("type") in ("integer", "number"):
        yield from BEYOND
    for bound in (schema[key] for key in ("minimum", "maximum") if key in schema):
        yield from (bound - 1, bound, bound + 1)
    if schema.get("type") == "string" or "x-kubernetes-int-or-string" in schema:
        yield from TEXTS
    for bound in (schema[key] for key in ("minLength", "maxLength") if key in schema):
        yield from ("a" * bound, "é" * bound, "é" * (bound + 1), "a" * (bound - 1))
    yield from schema.get("enum", ())


def variants(value: Any) -> Iterator[Any]:
    """A list or an object, longer, shorter, or with a neighbour that nobody knows."""
    if isinstance(value, list):
        yield from (value * 2, value * 300, [*value, None], [*value, {}], value[:1])
    elif isinstance(value, dict):
        for field in value:
            yield value | {f"{field}s": value[field]}
        yield value | {f"k{number}": "1Gi" for number in range(300)}


def found(manifest: dict[str, Any], path: Path) -> Any:
    value: Any = manifest
    for part in path:
        value = value[part]
    return value


def replaced(manifest: dict[str, Any], path: Path, value: Any, *, absent: bool = False) -> dict[str, Any]:
    """A copy of the manifest with another value at the path, or none."""
    result = deepcopy(manifest)
    holder = found(result, path[:-1])
    if absent:
        del holder[path[-1]]
    else:
        holder[path[-1]] = deepcopy(value)
    return result
