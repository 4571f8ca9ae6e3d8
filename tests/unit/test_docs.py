"""The docs are true where a machine can tell: links lead somewhere, manifests are valid, metrics exist."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import generate_latest

from modelservice_operator import api
from modelservice_operator.cluster.queue import KeyQueue
from modelservice_operator.cluster.store import Key
from modelservice_operator.generate import ROOT
from modelservice_operator.metrics import Metrics, Sources
from modelservice_operator.render import InvalidFile, render_file

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
CODE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^]]*\]\(([^)\s]+)\)")
INLINE_CODE = re.compile(r"`[^`\n]+`")
COMPLETE = {"apiVersion": api.API_VERSION, "kind": api.KIND, "metadata": {"name": "fragment"}}
"""What a fragment that begins with `spec:` leaves out."""


def ids(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose(text: str) -> str:
    return INLINE_CODE.sub("", CODE.sub("", text))


def anchors(page: Path) -> set[str]:
    """Of the headings, as GitHub makes them: lower case, without punctuation, dashes for blanks."""
    headings = re.findall(r"^#+ (.*)$", CODE.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead_links(page: Path, text: str) -> Iterator[str]:
    """Relative links of the page that lead nowhere: to no file, or to no heading in it."""
    for target in LINK.findall(prose(text)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            yield target


def manifests(text: str) -> Iterator[dict[str, Any]]:
    """The ModelServices in the YAML blocks of a page; a block that begins with `spec:` is a part of one."""
    for language, block in CODE.findall(text):
        if language != "yaml":
            continue
        for document in yaml.safe_load_all(block):
            if document.get("kind") == api.KIND:
                yield document
            elif document.keys() == {"spec"}:
                yield COMPLETE | document


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_links_lead_somewhere(page: Path) -> None:
    assert list(dead_links(page, page.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    ("text", "dead"),
    [
        ("[a](docs/using.md) [b](docs/using.md#what-a-change-does) [c](#try-it) [d](https://example.com/x)", []),
        ("[a](docs/missing.md)", ["docs/missing.md"]),
        ("[a](docs/using.md#missing) and [b](#missing)", ["docs/using.md#missing", "#missing"]),
        ("`[a](missing.md)`\n```\n[b](missing.md)\n```\n", []),
    ],
)
def test_dead_links_are_found(text: str, dead: list[str]) -> None:
    assert list(dead_links(ROOT / "README.md", text)) == dead


def missing_tests(text: str) -> list[str]:
    """The tests that a page names, as `path::name`, and that do not exist."""
    named = set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text))
    return [f"{path}::{name}" for path, name in sorted(named) if name not in collected_from(path)]


def collected_from(path: str) -> set[str]:
    """What pytest would collect from a file; nothing where there is none."""
    file = ROOT / path
    if not file.exists() or not file.name.startswith("test_"):
        return set()
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    body = ast.parse(file.read_text("utf-8")).body
    return {node.name for node in body if isinstance(node, functions) and node.name.startswith("test")}


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_the_tests_that_are_named_exist(page: Path) -> None:
    assert missing_tests(page.read_text("utf-8")) == []


def test_every_promise_names_its_tests() -> None:
    page = (ROOT / "docs" / "promises.md").read_text("utf-8")
    promises = re.split(r"^## (\d)\. ", page, flags=re.MULTILINE)[1:]
    assert promises[::2] == list("12345678")
    assert all(re.search(r"^\* `tests/[^`]+::test_\w+`$", text, re.MULTILINE) for text in promises[1::2])


@pytest.mark.parametrize(
    "name",
    ["tests/unit/test_docs.py::test_nothing", "tests/unit/test_none.py::test_a", "tests/unit/world.py::World"],
)
def test_a_test_that_does_not_exist_is_noticed(name: str) -> None:
    assert missing_tests(f"`{name}` and `tests/unit/test_docs.py::test_links_lead_somewhere`") == [name]


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_manifests_are_valid(page: Path) -> None:
    for manifest in manifests(page.read_text("utf-8")):
        render_file(yaml.safe_dump(manifest))


def test_manifests_are_found() -> None:
    for page in (ROOT / "README.md", ROOT / "docs" / "using.md"):
        assert list(manifests(page.read_text("utf-8")))


def test_invalid_manifests_are_found() -> None:
    block = "```yaml\nspec:\n  model: {uri: hf://a/b}\n  %s\n```\n"
    for mistake, complaint in (("replica: 2", "no such field"), ("runtime: {name: custom}", "must be set with name")):
        (manifest,) = manifests(block % mistake)
        with pytest.raises(InvalidFile, match=complaint):
            render_file(yaml.safe_dump(manifest))


@pytest.mark.parametrize("path", EXAMPLES, ids=ids)
def test_examples_are_named_where_users_look(path: Path) -> None:
    assert f"(../examples/{path.name})" in (ROOT / "docs" / "using.md").read_text("utf-8")


def test_the_failures_that_can_be_simulated_are_those_of_the_stages() -> None:
    stages = ROOT / "tests" / "localcluster" / "stages"
    played: set[str] = set()
    for file in stages.glob("failure-*.yaml"):
        for stage in yaml.safe_load_all(file.read_text("utf-8")):
            asked = (each.get("jq", {}) for each in stage["spec"]["selector"]["matchExpressions"])
            played |= {value for jq in asked if "SIMULATE_FAILURE" in jq.get("key", "") for value in jq["values"]}
    table = re.findall(r"^\| `([\w-]+)` \|", (stages / "README.md").read_text("utf-8"), re.MULTILINE)
    (told,) = re.findall(r"The failures are\n(.*?);", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.DOTALL)
    assert sorted(table) == sorted(re.findall(r"`([\w-]+)`", told)) == sorted(played)


def test_the_table_of_metrics_has_each_metric_and_no_other() -> None:
    metrics = Metrics()
    idle: KeyQueue[Key] = KeyQueue(clock=lambda: 0.0)
    metrics.expose(Sources(idle, lambda: (), dict, lambda: ()), workers=1)
    exposed = re.findall(r"^# TYPE (\S+) (\S+)$", generate_latest(metrics.registry).decode(), re.MULTILINE)
    page = (ROOT / "docs" / "reference" / "metrics.md").read_text("utf-8")
    documented = re.findall(r"^\| `(\w+)` \| (\w+) \|", page, re.MULTILINE)
    assert sorted(documented) == sorted(exposed)
