from typing import Final

import pytest

from modelservice_operator.blocked import POLL
from modelservice_operator.cluster.errors import MESSAGE_LIMIT, ApiError, Cause, judge, namespace_is_gone

TERMINATING: Final = (Cause("NamespaceTerminating", "metadata.namespace", "namespace ml is being terminated"),)
TYPED_PATCH: Final = "failed to create typed patch object (ml/qwen; apps/v1, Kind=Deployment): .x: field not declared"
CONVERT: Final = "failed to convert new object (ml/qwen; apps/v1, Kind=Deployment) to smd typed: quantities must match"
TOO_LONG: Final = "rpc error: code = ResourceExhausted desc = trying to send message larger than max (3 vs. 2)"
NO_ADDRESS: Final = 'Service "a" is invalid: spec.clusterIPs: Invalid value: [""]: failed to allocate IP: rpc error'
DUPLICATE: Final = '.spec.template.spec.containers[name="server"].env: duplicate entries for key [name="A"]'


@pytest.mark.parametrize(
    ("error", "reason", "stalled", "polls"),
    [
        (ApiError(422, "Invalid", "spec.ports[0].port: Invalid value"), "InvalidSpec", True, False),
        (ApiError(400, "BadRequest", "cannot restore slice"), "InvalidSpec", True, False),
        (ApiError(413, "RequestEntityTooLarge", "too large"), "InvalidSpec", True, False),
        (ApiError(500, "", TYPED_PATCH), "InvalidSpec", True, False),
        (ApiError(500, "", CONVERT), "InvalidSpec", True, False),
        (ApiError(500, "", DUPLICATE), "InvalidSpec", True, False),
        (ApiError(500, "", "etcdserver: request is too large"), "InvalidSpec", True, False),
        (ApiError(500, "", TOO_LONG), "InvalidSpec", True, False),
        (ApiError(403, "Forbidden", "User cannot patch"), "Forbidden", False, True),
        (ApiError(403, "Forbidden", "exceeded quota: few"), "QuotaExceeded", False, True),
        (ApiError(403, "Forbidden", 'admission webhook "a" denied the request: no'), "AdmissionDenied", False, True),
        (ApiError(400, "", 'admission webhook "a" denied the request: no'), "AdmissionDenied", False, True),
        (ApiError(422, "Invalid", "ValidatingAdmissionPolicy 'p' denied request: no"), "AdmissionDenied", False, True),
        (ApiError(500, "InternalError", "failed calling webhook"), "RequestFailed", False, False),
        (ApiError(401, "Unauthorized", "Unauthorized"), "RequestFailed", False, False),
        (ApiError(422, "Invalid", NO_ADDRESS), "RequestFailed", False, False),
    ],
)
def test_what_an_error_means(error: ApiError, reason: str, stalled: bool, polls: bool) -> None:
    blocked = judge("Deployment", error)
    assert blocked is not None
    assert (str(blocked.reason), blocked.stalled) == (reason, stalled)
    assert error.message in blocked.message
    assert "Deployment" in blocked.message
    assert blocked.remedy.endswith(".")
    if polls:
        assert blocked.retry is not None
        assert POLL * 0.9 <= blocked.retry <= POLL * 1.1
    else:
        assert blocked.retry is None


@pytest.mark.parametrize(
    "error", [ApiError(413), ApiError(500, "", "etcdserver: request is too large"), ApiError(500, "", TOO_LONG)]
)
def test_what_is_too_large_is_to_be_made_smaller(error: ApiError) -> None:
    blocked = judge("ControllerRevision", error)
    assert blocked is not None
    assert blocked.remedy.startswith("Make the spec smaller: the ControllerRevision is made from it")


@pytest.mark.parametrize("status", [404, 409, 410, 429, 503, 504])
def test_what_passes_by_itself_is_no_verdict(status: int) -> None:
    assert judge("Deployment", ApiError(status, "", "later")) is None


@pytest.mark.parametrize(
    ("error", "gone"),
    [
        (ApiError(403, "Forbidden", "is being terminated", causes=TERMINATING), True),
        (ApiError(404, "NotFound", 'namespaces "ml" not found'), True),
        (ApiError(404, "NotFound", 'deployments.apps "namespaces" not found'), False),
        (ApiError(403, "Forbidden", "User cannot patch namespaces"), False),
        (ApiError(403, "Forbidden", 'namespaces "ml" is forbidden'), False),
    ],
)
def test_a_namespace_that_goes(error: ApiError, gone: bool) -> None:
    assert namespace_is_gone(error) is gone


def test_an_error_reads_well_and_is_cut() -> None:
    assert str(ApiError(409, "Conflict", "try again")) == "409 Conflict: try again"
    assert str(ApiError(502, "", "<html>")) == "502: <html>"
    long = ApiError(422, "Invalid", "x" * (MESSAGE_LIMIT + 1))
    assert str(long) == f"422 Invalid: {'x' * MESSAGE_LIMIT}…"
    blocked = judge("Service", long)
    assert blocked is not None
    assert blocked.message.count("x") <= MESSAGE_LIMIT + len("the API server refuses")


@pytest.mark.parametrize(
    ("kind", "fields", "remedy"),
    [
        (
            "Deployment",
            ["spec.template.spec.containers[0].env[3].name"],
            "Correct spec.runtime.env: what the message names comes from there.",
        ),
        (
            "Deployment",
            ["spec.template.spec.containers[0].env[3].name", "spec.template.spec.initContainers[0].env[3].name"],
            "Correct spec.runtime.env: what the message names comes from there.",
        ),
        (
            "Deployment",
            ["spec.template.spec.initContainers[0].image"],
            "Correct spec.runtime.image: what the message names comes from there.",
        ),
        (
            "Deployment",
            ["spec.template.spec.containers[0].image", "spec.replicas"],
            "Correct spec.replicas and spec.runtime.image: what the message names comes from there.",
        ),
        (
            "Deployment",
            ["spec.template.spec.containers[0].image", "metadata.annotations"],
            "The Deployment is made from the spec: correct there what the message names.",
        ),
        ("Service", ["spec.ports[0].port"], "Correct spec.endpoint.port: what the message names comes from there."),
        ("Service", [], "The Service is made from the spec: correct there what the message names."),
    ],
)
def test_a_refusal_names_the_field_of_the_spec(kind: str, fields: list[str], remedy: str) -> None:
    causes = tuple(Cause("FieldValueInvalid", field, "no") for field in fields)
    blocked = judge(kind, ApiError(422, "Invalid", "no", causes=causes))
    assert blocked is not None
    assert blocked.remedy == remedy
