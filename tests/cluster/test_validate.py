"""`modelservice validate` and the real API server: the same verdict, fields and messages on many objects."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from cluster.harness.definitions import install_definition
from cluster.harness.requests import Api
from localcluster import LocalCluster
from modelservice_operator.api.crd import crd
from modelservice_operator.documents import read_documents
from modelservice_operator.validate.mistakes import Mistake
from modelservice_operator.validate.validator import Validator
from modelservice_operator.validate.wire import as_json
from unit.validate.corpus import model_services, samples
from unit.validate.sample import GROUP, NAME, sample_crd

MODEL_SERVICES = "/apis/modelservice.dev/v1alpha1/namespaces/default/modelservices"
SAMPLES = f"/apis/{GROUP}/v1alpha1/namespaces/default/samples"
GENERATED = re.compile(r'-[a-z0-9]{5}"')
"""The end of a name that the API server makes up."""
UNKNOWN = re.compile(r'unknown field "((?:[^"\\]|\\.)*)"')
METADATA = "metadata"
"""Stands for metadata of a wrong type, which the API server words after the Go type that it could not fill."""

SCALARS = (
    *("y", "N", "on", "Off", "TRUE", "yes-man", "~", "null", "", "=", "2026-11-22", "2026-11-22T10:00:00Z"),
    *("12", "+12", "012", "08", "0o17", "0O17", "0x1F", "-0x1f", "0b11", "1_000", "0_7", "0x_", "0b_", "0_"),
    *("1.0", "1.50", ".5", "5.", "._", "1e3", "1E+3", "1.5e-3", "12e03", "1e", "1:30", "1:30.5", "1e25"),
    *("9223372036854775807", "123456789012345678901234567890", "!!str 1", "'1'", "!!float 1", "!!binary aGk="),
)

Told = list[tuple[str, str]]


@pytest.fixture(scope="module")
def api(installed: LocalCluster) -> Api:
    return Api(installed)


@pytest.fixture(scope="module")
def sample_definition(installed: LocalCluster) -> Iterator[dict[str, Any]]:
    definition = sample_crd()
    install_definition(installed, definition)
    yield definition
    installed.kubectl("delete", "crd", NAME)


def by_the_server(answer: dict[str, Any]) -> Told:
    """What the API server says, as pairs of field and message; nothing if it takes the object."""
    if answer["kind"] != "Status":
        return []
    if answer.get("reason") == "Invalid":
        causes = [(cause["field"].replace("<nil>", ""), cause["message"]) for cause in answer["details"]["causes"]]
        return sorted((field, GENERATED.sub('-00000"', message)) for field, message in causes)
    unknown = UNKNOWN.findall(answer["message"])
    return sorted((json.loads(f'"{field}"'), "unknown") for field in unknown) or [(METADATA, answer["message"])]


def by_us(mistakes: tuple[Mistake, ...]) -> Told:
    """What we say, in the same form."""
    return sorted((m.field, "unknown" if "no such field" in m.message else m.message) for m in mistakes)


def differences(api: Api, path: str, validator: Validator, objects: dict[str, dict[str, Any]]) -> tuple[list[str], int]:
    """Where the two disagree, and how many objects the API server refuses."""
    found, refused = [], 0
    for name, written in objects.items():
        manifest = as_json(written)
        assert isinstance(manifest, dict)
        theirs = by_the_server(api.dry_run(path, manifest))
        ours = by_us(validator.mistakes(manifest))
        refused += bool(theirs)
        if theirs and theirs[0][0] == METADATA and ours and ours[0][0].startswith(METADATA):
            continue
        if theirs != ours:
            found.append(f"{name}\n  API server: {theirs}\n  validate:   {ours}")
    return found, refused


def test_files_are_read_as_kubectl_reads_them(installed: LocalCluster) -> None:
    fields = "".join(f"  f{number}: {text}\n" for number, text in enumerate(SCALARS))
    text = f"apiVersion: modelservice.dev/v1alpha1\nkind: ModelService\nmetadata: {{name: a}}\nspec:\n{fields}  1: x\n"
    sent = installed.kubectl("create", "--dry-run=client", "--validate=false", "-o", "json", "-f", "-", given=text)
    (ours,) = (as_json(document) for document in read_documents(text))
    assert isinstance(ours, dict)
    theirs = json.loads(sent)["spec"]
    assert {name: repr(value) for name, value in theirs.items()} == {name: repr(v) for name, v in ours["spec"].items()}


def test_model_services_are_judged_as_the_api_server_judges_them(api: Api) -> None:
    objects = model_services()
    found, refused = differences(api, MODEL_SERVICES, Validator(crd(), "v1alpha1"), objects)
    assert not found, "\n".join(found)
    assert refused >= 200
    assert len(objects) - refused >= 100


def test_the_whole_schema_language_is_judged_as_the_api_server_judges_it(
    api: Api, sample_definition: dict[str, Any]
) -> None:
    objects = samples()
    found, refused = differences(api, SAMPLES, Validator(sample_definition, "v1alpha1"), objects)
    assert not found, "\n".join(found)
    assert refused >= 200
    assert len(objects) - refused >= 50
