import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from image.sbom import REQUIREMENTS, license_of, sbom
from modelservice_operator import __version__

NOW = datetime(2026, 11, 28, tzinfo=UTC)


@pytest.fixture(scope="module")
def document() -> str:
    return sbom(REQUIREMENTS.read_text("utf-8"), license_of, NOW)


@pytest.fixture(scope="module")
def components(document: str) -> dict[str, dict[str, Any]]:
    return {component["name"]: component for component in json.loads(document)["components"]}


def test_it_keeps_to_the_schema(document: str) -> None:
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(document) is None
    assert validator.validate_str(document.replace('"components"', '"parts"')) is not None


def test_every_pinned_package_is_in_it_and_no_other(components: dict[str, dict[str, Any]]) -> None:
    pinned = re.findall(r"^(\S+)==(\S+)", REQUIREMENTS.read_text("utf-8"), re.MULTILINE)
    assert pinned
    assert {name: component["version"] for name, component in components.items()} == dict(pinned)


def test_every_hash_of_the_requirements_is_with_its_package(components: dict[str, dict[str, Any]]) -> None:
    assert all(component["hashes"] for component in components.values())
    found = [entry["content"] for component in components.values() for entry in component["hashes"]]
    assert sorted(found) == sorted(re.findall(r"--hash=sha256:(\S+)", REQUIREMENTS.read_text("utf-8")))


def test_every_package_has_a_license_and_an_address(components: dict[str, dict[str, Any]]) -> None:
    assert all(component["licenses"] for component in components.values())
    assert components["aiohttp"]["licenses"] == [{"expression": "Apache-2.0 AND MIT"}]
    assert components["certifi"]["licenses"] == [{"license": {"id": "MPL-2.0"}}]
    assert components["kopf"]["purl"] == f"pkg:pypi/kopf@{components['kopf']['version']}"


def test_it_says_what_it_is_of(document: str) -> None:
    described = json.loads(document)["metadata"]
    assert described["timestamp"] == "2026-11-28T00:00:00+00:00"
    assert (described["component"]["name"], described["component"]["version"]) == (
        "modelservice-operator",
        __version__,
    )
    assert document == sbom(REQUIREMENTS.read_text("utf-8"), license_of, NOW), "the same again for the same packages"
