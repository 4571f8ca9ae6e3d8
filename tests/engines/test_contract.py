"""What the built-in runtimes render, against what their engines take. The engines' side is data: flags/*.yaml."""

from collections.abc import Iterator

import pytest

from engines.contract import DIRECTORY, Engine, Flag, complaints, load, text_of, unknown_variables
from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.plan.arguments import arguments
from modelservice_operator.plan.environment import environment
from modelservice_operator.plan.server import Server, resolve
from modelservice_operator.runtimes.catalogue import builtin
from modelservice_operator.runtimes.runtime import CPU

ENGINES = load()
OWN_VERSION = {("vllm", "tpu")}
"""Images that are versioned apart from the engine."""
URIS = {
    "hf": ("hf://org/repo", "hf://org/repo@v1", "hf://org/repo:Q4_K_M", "hf://org/repo/file.gguf@v1"),
    "pvc": ("pvc://claim/dir/file.gguf",),
    "oci": ("oci://registry.example.com/model:1",),
    "ollama": ("ollama://qwen3:8b",),
    "s3": ("s3://models/dir",),
    "gs": ("gs://models/dir",),
    "az": ("az://models/dir",),
    "http": ("http://example.com/file.gguf",),
    "https": ("https://example.com/file.gguf",),
}


def servers(name: str) -> Iterator[tuple[Server, ModelServiceSpec]]:
    """Every way in which a model decides what this runtime renders."""
    runtime = builtin()[name]
    for vendor in runtime.image:
        for uri in (uri for scheme in runtime.schemes for uri in URIS[scheme]):
            for count in (1, 8):
                spec = ModelServiceSpec.model_validate(
                    {
                        "model": {"uri": uri, "name": "served", "credentials": {"secretName": "token"}},
                        "accelerator": None if vendor == CPU else {"vendor": vendor, "count": count},
                        "runtime": {"name": name},
                    }
                )
                yield resolve("parent", spec, runtime), spec


def test_every_engine_is_known() -> None:
    assert {*ENGINES, "custom"} == set(builtin())


@pytest.mark.parametrize("name", ENGINES)
def test_flags_are_those_of_the_engine(name: str) -> None:
    rendered = {tuple(arguments(server, spec.runtime)) for server, spec in servers(name)}
    found = sorted({text for given in rendered for text in complaints(ENGINES[name], given)})
    assert not found, f"runtimes/{name}.yaml: {'; '.join(found)}"


@pytest.mark.parametrize("name", ENGINES)
def test_variables_are_those_of_the_engine(name: str) -> None:
    names = {entry["name"] for server, spec in servers(name) for entry in environment(server, spec)}
    found = unknown_variables(ENGINES[name], sorted(names))
    assert not found, f"runtimes/{name}.yaml: {'; '.join(found)}"


@pytest.mark.parametrize("name", ENGINES)
def test_aliases_are_those_of_the_engine(name: str) -> None:
    """A name that is missed leaves two of one flag on the command line when the user gives it."""
    engine = ENGINES[name]
    for argument in builtin()[name].args:
        flag = engine.find(argument.flag)
        assert flag is not None, f"runtimes/{name}.yaml: {argument.flag}"
        for alias in argument.aliases:
            assert engine.completed(alias) is flag, (
                f"runtimes/{name}.yaml: {argument.flag}: {alias} is another flag, or none"
            )
        missed = {*flag.also} - {argument.flag, *argument.aliases}
        assert not missed, f"runtimes/{name}.yaml: {argument.flag}: aliases: the engine also knows {', '.join(missed)}"


@pytest.mark.parametrize("name", ENGINES)
def test_versions_are_those_of_the_images(name: str) -> None:
    for vendor, image in builtin()[name].image.items():
        tag = image.rpartition(":")[2]
        assert (name, vendor) in OWN_VERSION or ENGINES[name].tag in tag, (
            f"runtimes/{name}.yaml: image.{vendor}: {tag} is not {ENGINES[name].tag}: make engine-flags ENGINE={name}"
        )


@pytest.mark.parametrize("name", ENGINES)
def test_files_are_as_they_are_written(name: str) -> None:
    assert text_of(ENGINES[name]) == (DIRECTORY / f"{name}.yaml").read_text("utf-8")


ENGINE = Engine(
    name="engine",
    version="1.2",
    tag="1.2",
    source="",
    abbreviates=True,
    flags={
        "--port": Flag(also=("-p",)),
        "--quiet": Flag(takes="nothing"),
        "--paths": Flag(takes="many"),
        "--level": Flag(choices=("low", "high")),
        "--log": Flag(takes="optional"),
        "--old": Flag(deprecated=True),
        "--tp-size": Flag(),
        "--pa-one": Flag(),
        "--pa-two": Flag(),
    },
    prefix="ENGINE_",
    environment=("ENGINE_PORT",),
)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (["--port=1", "-p", "1", "--quiet", "--paths", "/a", "/b", "--level=high", "--log", "--log=x"], None),
        (["--prot=1"], "engine 1.2: --prot: no such flag; nearest is --port"),
        (["--xyzzyx"], "engine 1.2: --xyzzyx: no such flag"),
        (["--tp-siz=1"], "engine 1.2: --tp-siz: no such flag; nearest is --tp-size"),
        (["--port"], "engine 1.2: --port: takes one, is given 0: "),
        (["--port", "1", "2"], "engine 1.2: --port: takes one, is given 2: 1 2"),
        (["--quiet=yes"], "engine 1.2: --quiet: takes nothing, is given 1: yes"),
        (["--log", "a", "b"], "engine 1.2: --log: takes optional, is given 2: a b"),
        (["--level=middle"], "engine 1.2: --level: middle is none of low, high"),
        (["--old=1"], "engine 1.2: --old: deprecated"),
    ],
)
def test_complaints(given: list[str], complaint: str | None) -> None:
    assert complaints(ENGINE, given) == ([complaint] if complaint else [])


@pytest.mark.parametrize(
    ("name", "flag"), [("--tp", "--tp-size"), ("--tp-size", "--tp-size"), ("-p", "--port"), ("--pa-", ""), ("-q", "")]
)
def test_a_flag_by_its_beginning(name: str, flag: str) -> None:
    assert ENGINE.completed(name) is ENGINE.flags.get(flag)


def test_unknown_variables() -> None:
    assert unknown_variables(ENGINE, ["ENGINE_PORT", "HOME"]) == []
    assert unknown_variables(ENGINE, ["ENGINE_PROT"]) == [
        "engine 1.2: ENGINE_PROT: no such variable; nearest is ENGINE_PORT"
    ]
