"""Specs from the CRD, and pod templates from Kubernetes' own schema, good and bad, against the real API server.

What it refuses, `modelservice validate` refuses with the same words. What it takes is planned or explained, and the
plan is taken too or refused for good: nothing that a user writes is tried again and again.
"""

import json
from collections import Counter
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cluster.harness.requests import Api
from cluster.test_validate import METADATA, MODEL_SERVICES, by_the_server, by_us
from localcluster import LocalCluster
from modelservice_operator.api.crd import crd
from modelservice_operator.api.read import InvalidSpec, read_spec
from modelservice_operator.cluster.errors import ApiError, Cause, judge
from modelservice_operator.cluster.resources import BY_KIND
from modelservice_operator.plan.children import desired_children
from modelservice_operator.plan.errors import PlanError
from modelservice_operator.plan.replicas import intended_replicas
from modelservice_operator.plan.revision import controller_revision, inputs, revision_hash
from modelservice_operator.plan.template import render
from modelservice_operator.records.parent import Parent
from modelservice_operator.runtimes.catalogue import builtin
from modelservice_operator.validate.validator import Validator
from modelservice_operator.validate.wire import as_json
from unit.from_schema import Anything, damaged, found, places, replaced, specs, values

HEAD: Final = {
    "apiVersion": "modelservice.dev/v1alpha1",
    "kind": "ModelService",
    "metadata": {"name": "generated"},
}
PARENT: Final = Parent.from_manifest({"metadata": {"name": "generated", "namespace": "default"}})
VALIDATOR: Final = Validator(crd(), "v1alpha1")
TRIES: Final = 800
LEVELS: Final = 6
"""Of Kubernetes' schema: deep enough for the env of a container."""
QUANTITIES: Final = ("io.k8s.apimachinery.pkg.api.resource.Quantity", "io.k8s.apimachinery.pkg.util.intstr.IntOrString")
DIRECTIVES: Final[list[tuple[str, Any]]] = [
    *(("$patch", action) for action in ("delete", "replace", "merge", None, 1)),
    *(("$retainKeys", names) for names in (["name"], [], "name", [1])),
    ("$setElementOrder/containers", [{"name": "server"}]),
    ("$setElementOrder/env", [{}]),
    ("$deleteFromPrimitiveList/args", ["x"]),
    ("$deleteFromPrimitiveList/containers", [{}]),
    ("$unknown", 1),
]


@pytest.fixture(scope="module")
def api(installed: LocalCluster) -> Api:
    return Api(installed)


def test_specs_are_judged_alike_planned_and_taken(api: Api) -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=TRIES, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    @given(specs())
    def judged(spec: Any) -> None:
        follow(api, spec, seen)

    judged()
    assert min(seen["refused"], seen["taken"]) >= TRIES / 10, seen
    assert seen["child"] > 10 * seen["child refused"], seen


def test_pod_templates_are_merged_and_taken_or_refused_for_good(api: Api, installed: LocalCluster) -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=TRIES, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    @given(pod_specs(installed))
    def judged(pod: Any) -> None:
        follow(api, {"model": {"uri": "hf://Qwen/Qwen3-8B"}, "podTemplate": {"spec": pod}}, seen)

    judged()
    assert min(seen["explained"], seen["child refused"], seen["child"] - seen["child refused"]) >= TRIES / 20, seen


def follow(api: Api, spec: Any, seen: Counter[str]) -> None:
    """From the API server's verdict on a spec to that on its children."""
    manifest = as_json(HEAD | {"spec": spec})
    assert isinstance(manifest, dict)
    answer = api.dry_run(MODEL_SERVICES, manifest)
    refusal = by_the_server(answer)
    assert refusal == by_us(VALIDATOR.mistakes(manifest)) or refusal[0][0] == METADATA
    seen["refused" if refusal else "taken"] += 1
    if refusal:
        return
    try:
        children = planned(answer["spec"])
    except InvalidSpec as error:
        seen["explained"] += 1
        assert all(mistake.startswith("spec.podTemplate.spec") for mistake in error.mistakes)
    except PlanError as error:
        seen["explained"] += 1
        assert error.message.startswith("spec.")
    else:
        for child in children:
            taken_or_refused_for_good(api, child, seen)


def planned(raw: dict[str, Any]) -> list[dict[str, Any]]:
    spec = read_spec(raw, PARENT.name)
    wanted = inputs(PARENT.name, spec)
    hashed = revision_hash(wanted)
    template = render(PARENT.name, spec, builtin(), hashed).template
    children = desired_children(PARENT, spec, template, intended_replicas(spec, exists=False))
    return [*children, controller_revision(PARENT, wanted, template, hashed, 1)]


def taken_or_refused_for_good(api: Api, child: dict[str, Any], seen: Counter[str]) -> None:
    resource = BY_KIND[child["kind"]]
    if child["kind"] == "ControllerRevision":
        answer = api.dry_run(resource.path("default"), child)
    else:
        answer = api.apply_dry_run(resource.path("default", child["metadata"]["name"]), child)
    seen["child"] += 1
    if answer["kind"] == "Status":
        seen["child refused"] += 1
        blocked = judge(child["kind"], error_of(answer))
        assert blocked is not None, answer
        assert blocked.stalled, answer


def error_of(answer: dict[str, Any]) -> ApiError:
    """The Status as the client raises it."""
    causes = tuple(
        Cause(cause.get("reason", ""), cause.get("field", ""), cause.get("message", ""))
        for cause in (answer.get("details") or {}).get("causes", ())
    )
    return ApiError(answer["code"], answer.get("reason", ""), answer["message"], causes=causes)


def pod_specs(cluster: LocalCluster) -> Anything:
    """Patches for the spec of a pod: good, with something odd in a place or two, and with directives."""
    schemas = json.loads(cluster.kubectl("get", "--raw", "/openapi/v3/api/v1"))["components"]["schemas"]
    good = values(resolved(schemas["io.k8s.api.core.v1.PodSpec"], schemas, LEVELS)).map(for_the_server)
    directed = good.flatmap(with_directive)
    return st.one_of(good, good.flatmap(damaged), directed, directed.flatmap(damaged)).filter(
        lambda pod: isinstance(pod, dict)
    )


def resolved(schema: dict[str, Any], schemas: dict[str, Any], levels: int) -> dict[str, Any]:
    """The schema with what it refers to in its place, as deep as these levels; anything below."""
    if not levels:
        return {}
    for part in [schema, *schema.get("allOf", ())]:
        if "$ref" in part:
            name = part["$ref"].rpartition("/")[2]
            return (
                {"x-kubernetes-int-or-string": True} if name in QUANTITIES else resolved(schemas[name], schemas, levels)
            )
    result = {key: value for key, value in schema.items() if key in ("type", "enum", "required")}
    if "properties" in schema:
        fields = schema["properties"].items()
        result["properties"] = {name: resolved(field, schemas, levels - 1) for name, field in fields}
    inner = {
        key: resolved(schema[key], schemas, levels - 1) for key in ("items", "additionalProperties") if key in schema
    }
    return result | inner


def for_the_server(pod: dict[str, Any]) -> dict[str, Any]:
    """The first container is ours."""
    return pod | {"containers": [first | {"name": "server"} for first in pod["containers"][:1]] + pod["containers"][1:]}


def with_directive(pod: dict[str, Any]) -> Anything:
    maps = [place for place in places(pod) if isinstance(found(pod, place), dict)]
    chosen = st.tuples(st.sampled_from(maps), st.sampled_from(DIRECTIVES))
    return chosen.map(lambda pair: replaced(pod, pair[0], found(pod, pair[0]) | dict([pair[1]])))
