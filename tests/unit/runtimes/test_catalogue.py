import re

import pytest
import yaml
from kubernetes import client

from modelservice_operator.api import rules
from modelservice_operator.api.uri import SCHEMES
from modelservice_operator.data import InvalidData, read_data
from modelservice_operator.manifest import Manifest
from modelservice_operator.runtimes import flags
from modelservice_operator.runtimes.catalogue import builtin, catalogue
from modelservice_operator.runtimes.placeholders import DRAIN_SECONDS, PORT
from modelservice_operator.runtimes.runtime import Runtime, When

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
    return read_data(Runtime, "engine.yaml", yaml.safe_dump({**SMALLEST, **changes}))


def test_builtin() -> None:
    assert set(builtin()) == set(rules.RUNTIMES)
    assert builtin() is builtin()


@pytest.mark.parametrize("name", builtin())
def test_builtin_speak_kubernetes(name: str) -> None:
    data = builtin()[name]
    for context in (data.security_context, *data.vendor_security_context.values()):
        client.V1SecurityContext.model_validate(context)


@pytest.mark.parametrize("name", builtin())
def test_builtin_are_complete(name: str) -> None:
    """What a runtime has of the API of containers, it fills with what decides it."""
    data = builtin()[name]
    assert data.uses(PORT)
    assert data.cache_path or name == "custom"
    assert all(flags.canonical(argument.flag) == argument.flag for argument in data.args)


def test_every_scheme_is_served() -> None:
    assert {scheme for data in builtin().values() for scheme in data.schemes} == set(SCHEMES)


def test_one_runtime_alone_knows_the_library_of_ollama() -> None:
    """It is chosen by that."""
    assert [name for name, data in builtin().items() if "ollama" in data.schemes] == ["ollama"]


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("command", {"command": ["{port}"]}),
        ("argument", {"args": [{"flag": "--a", "value": "{port}"}]}),
        ("one of several values", {"args": [{"flag": "--a", "values": ["x", "{port}"]}]}),
        ("variable", {"env": [{"name": "A", "value": "x{port}"}]}),
        ("fetch", {"cachePath": "/cache", "fetch": {"command": ["pull", "{port}"]}}),
    ],
)
def test_uses(place: str, text: Manifest) -> None:
    assert runtime(**text).uses(PORT), place
    assert not runtime(**text).uses(DRAIN_SECONDS)


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
            {"args": [{"flag": "--a", "value": "1", "when": {"schemes": ["hf", "s3"]}}]},
            "file: Value error, when.schemes: s3 is none of the schemes",
        ),
        (
            {"args": [{"flag": "--a", "value": "1", "values": ["2"]}]},
            "args.0: Value error, value and values: only one of the two",
        ),
        ({"args": [{"flag": "--a", "values": ["{x}"]}]}, "args.0.values.0: Value error, unknown placeholder {x}"),
        ({"flagStyle": "long"}, "flagStyle: Input should be 'joined' or 'separate'"),
        ({"schemes": {"ftp": "native"}}, "schemes.ftp.[key]: String should match pattern"),
        ({"schemes": {"hf": "copy"}}, "schemes.hf: Input should be 'native', 'mount' or 'file'"),
        ({"image": {"apple": "x"}}, "image.apple.[key]: String should match pattern"),
        ({"modelName": "["}, "modelName: Value error, no regular expression: "),
        ({"env": [{"name": "A-B", "value": "1"}]}, "env.0.name: String should match pattern"),
        ({"fetch": {"command": []}}, "fetch.command: Tuple should have at least 1 item"),
        ({"fetch": {"command": ["pull"]}}, "fetch: needs cachePath, where it puts the model"),
        ({"vendorSecurityContext": {"amd": {}}}, "vendorSecurityContext of a vendor that has no image"),
        (
            {"env": [{"name": "A", "value": "1", "when": {"vendor": "amd"}}]},
            "file: Value error, when.vendor amd has no image",
        ),
        ({"credentials": {"s3": [{"name": "KEY"}]}}, "credentials of a scheme that is none of the schemes"),
        ({"probes": {"startup": "health"}}, "probes.startup: String should match pattern"),
        ({"name": "other"}, "engine.yaml: name: must be that of the file, not other"),
    ],
)
def test_wrong_data(changes: Manifest, complaint: str) -> None:
    with pytest.raises(InvalidData, match=re.escape(complaint)):
        runtime(**changes)


def test_no_yaml() -> None:
    with pytest.raises(InvalidData, match=r"^engine.yaml: "):
        read_data(Runtime, "engine.yaml", "name: [")


def test_a_format_has_one_runtime() -> None:
    first = runtime(formats=["gguf"])
    second = first.model_copy(update={"name": "second"})
    with pytest.raises(InvalidData, match=r"second.yaml: formats: gguf is engine's"):
        catalogue([first, second])


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ({}, True),
        ({"schemes": ["hf"]}, True),
        ({"schemes": ["pvc", "hf"]}, True),
        ({"schemes": ["pvc"]}, False),
        ({"vendor": "nvidia"}, True),
        ({"vendor": "cpu"}, False),
        ({"schemes": ["hf"], "vendor": "cpu"}, False),
        ({"quantization": False}, True),
        ({"quantization": True}, False),
    ],
)
def test_when(when: Manifest, holds: bool) -> None:
    assert When.model_validate(when).holds("hf", "nvidia") is holds


def test_when_there_is_a_quantization() -> None:
    assert When(quantization=True).holds("hf", "nvidia", quantization=True)
    assert not When(quantization=False).holds("hf", "nvidia", quantization=True)


def test_no_model_no_scheme() -> None:
    assert When().holds(None, "cpu")
    assert not When(schemes=("hf",)).holds(None, "cpu")


@pytest.mark.parametrize(("api", "path"), [("openai", "/v1"), (None, "")])
def test_base_path(api: str | None, path: str) -> None:
    assert runtime(api=api).base_path == path
