import re

import pytest
import yaml
from kubernetes import client

from modelservice_operator.accelerators.catalogue import BY_VENDOR
from modelservice_operator.api import rules
from modelservice_operator.manifest import Manifest
from modelservice_operator.runtimes.catalogue import InvalidRuntime, builtin, catalogue, read
from modelservice_operator.runtimes.runtime import CPU, Runtime, When

SMALLEST: Manifest = {
    "name": "engine",
    "port": 80,
    "schemes": {"hf": "native"},
    "requests": {
        "perDevice": {"cpu": "1", "memory": "1Gi"},
        "cpuOnly": {"cpu": "1", "memory": "1Gi", "memoryPerModelSize": 2},
    },
    "drainSeconds": 1,
    "preStopSeconds": 1,
}


def runtime(**changes: object) -> Runtime:
    return read("engine.yaml", yaml.safe_dump({**SMALLEST, **changes}))


def test_builtin() -> None:
    assert set(builtin()) == set(rules.RUNTIMES)
    assert builtin() is builtin()


@pytest.mark.parametrize("name", builtin())
def test_builtin_speak_kubernetes(name: str) -> None:
    data = builtin()[name]
    client.V1SecurityContext.model_validate(data.security_context)
    assert set(data.image) <= {CPU, *BY_VENDOR}


def test_quantities_are_canonical() -> None:
    assert runtime(sharedMemory="1024Mi").shared_memory == "1Gi"


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"nmae": "x"}, "engine.yaml: nmae: Extra inputs are not permitted"),
        ({"port": 0}, "engine.yaml: port: Input should be greater than or equal to 1"),
        ({"port": None}, "engine.yaml: port: Input should be a valid integer"),
        ({"api": "grpc"}, "engine.yaml: api: Input should be 'openai'"),
        ({"sharedMemory": "8 Gi"}, "engine.yaml: sharedMemory: "),
        ({"command": ["{model.path}"]}, "engine.yaml: command.0: Value error, unknown placeholder {model.path}; known"),
        ({"args": [{"flag": "port", "value": "1"}]}, "engine.yaml: args.0.flag: String should match pattern"),
        ({"args": [{"flag": "--a", "value": "{Port}"}]}, "args.0.value: Value error, unknown placeholder {Port}"),
        (
            {"args": [{"flag": "--a", "value": "1", "when": {"scheme": "s3"}}]},
            "runtime: Value error, when.scheme s3 is none of the schemes",
        ),
        (
            {"env": [{"name": "A", "value": "1", "when": {"vendor": "amd"}}]},
            "runtime: Value error, when.vendor amd has no image",
        ),
        ({"credentials": {"s3": ["KEY"]}}, "credentials of a scheme that is none of the schemes"),
        ({"probes": {"startup": "health"}}, "probes.startup: String should match pattern"),
        ({"name": "other"}, "engine.yaml: name: must be that of the file, not other"),
    ],
)
def test_wrong_data(changes: Manifest, complaint: str) -> None:
    with pytest.raises(InvalidRuntime, match=re.escape(complaint)):
        runtime(**changes)


def test_no_yaml() -> None:
    with pytest.raises(InvalidRuntime, match=r"^engine.yaml: "):
        read("engine.yaml", "name: [")


def test_a_format_has_one_runtime() -> None:
    first = runtime(formats=["gguf"])
    second = first.model_copy(update={"name": "second"})
    with pytest.raises(InvalidRuntime, match=r"second.yaml: formats: gguf is engine's"):
        catalogue([first, second])


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ({}, True),
        ({"scheme": "hf"}, True),
        ({"scheme": "pvc"}, False),
        ({"vendor": "nvidia"}, True),
        ({"vendor": "cpu"}, False),
        ({"scheme": "hf", "vendor": "cpu"}, False),
    ],
)
def test_when(when: dict[str, str], holds: bool) -> None:
    assert When(**when).holds("hf", "nvidia") is holds


def test_no_model_no_scheme() -> None:
    assert When().holds(None, "cpu")
    assert not When(scheme="hf").holds(None, "cpu")


@pytest.mark.parametrize(("api", "path"), [("openai", "/v1"), (None, "")])
def test_base_path(api: str | None, path: str) -> None:
    assert runtime(api=api).base_path == path
