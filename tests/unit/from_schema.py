"""Strategies for values of a schema, so that a new field is tried by itself: nearly good ones, and bad ones.

A text is an example out of a description, something that a rule's pattern matches, or odd; a number lies at a bound.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import yaml
from hypothesis import strategies as st

from modelservice_operator.api.crd import crd

Schema = dict[str, Any]
Path = tuple[str | int, ...]
Anything = st.SearchStrategy[Any]

SPEC: Final[Schema] = crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]

WORDS: Final = ("a", "model-7", "nvidia", "cpu", "default", "kubernetes.io/hostname", "status.podIP", "80", "1", "")
QUANTITIES: Final = ("1", "500m", "2Gi", 3, "64Gi", "1e3", "0.1", "+5", "1.", "0", "-1", "9" * 30, "1E", "1Ei", "0x1")
ODD_TEXTS: Final = (
    *("é", "模型-🚀", "a\u0301", "\u202etxt", "\u200b", "\ufeffa", "\u2028", "a\x00b", "\x7f", "\x85", "\t", "a\nb"),
    *("$(HOME)", "{port}", "{model.name}", "%s", "{", "--", "-", "~", "null", "on", "012", "2026-11-22", "<&>", " "),
    "a" * 300,
)
ODD_NUMBERS: Final = (-1, 0, 1, 65536, 2**31 - 1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, 10**25, 0.5, -1e-7, 1e300)
ODD: Final[tuple[Any, ...]] = (
    *(None, True, "", [], {}, [None], {"a": None}, {"": 1}, [[]]),
    *ODD_TEXTS,
    *ODD_NUMBERS,
)
CHARACTERS: Final = st.characters(exclude_categories=["Cs", "Cn"])
"""Without those that only a newer Unicode knows: whether they are printed as they are depends on who prints."""

_PATTERN: Final = re.compile(r"matches\('\^\((.+?)\)\$'\)(?= |$)")
_EXAMPLE: Final = re.compile(r"Example: (.+?)\.?$")
_TYPES: Final = {"string": str, "integer": int, "array": list, "object": dict, "boolean": bool}


def specs() -> Anything:
    """Specs with a model; in a third of them one or two places hold something odd."""
    good = values(SPEC, always=("model",))
    return st.one_of(good, good, good.flatmap(damaged))


def values(schema: Schema, always: Iterable[str] = ()) -> Anything:
    """Values of the types that the schema asks for, but not always within its rules."""
    kind = schema.get("type")
    found = _EXAMPLE.search(schema.get("description", ""))
    strategy = _of_type(schema, always)
    if not found or kind not in _TYPES:
        return strategy
    example = yaml.safe_load(found[1])
    if not isinstance(example, _TYPES[kind]):
        example = [example] if kind == "array" else found[1]
    return st.just(example) | strategy


def _of_type(schema: Schema, always: Iterable[str]) -> Anything:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "x-kubernetes-int-or-string" in schema:
        return st.sampled_from(QUANTITIES)
    match schema.get("type"):
        case "object":
            return _objects(schema, always)
        case "array":
            return st.lists(values(schema.get("items", {})), max_size=3)
        case "integer" | "number":
            least, most = schema.get("minimum", 0), schema.get("maximum", 2**31 - 1)
            return st.sampled_from([least, least + 1, most]) | st.integers(least, min(most, least + 9))
        case "boolean":
            return st.booleans()
        case "string":
            return _texts(schema)
    return st.sampled_from(ODD)


def _texts(schema: Schema) -> st.SearchStrategy[str]:
    rules = [rule["rule"] for rule in schema.get("x-kubernetes-validations", ())]
    patterns = [_as_python(pattern) for rule in rules for pattern in _PATTERN.findall(rule)]
    if patterns:
        matching = [st.from_regex(pattern, fullmatch=True, alphabet=CHARACTERS) for pattern in patterns]
        return st.one_of(matching)
    return st.sampled_from(WORDS) | st.sampled_from(ODD_TEXTS) | st.text(CHARACTERS, max_size=20)


def _as_python(pattern: str) -> "re.Pattern[str]":
    return re.compile(pattern.replace("[^[:space:]]", r"\S").replace("[[:space:]]", r"\s"), re.ASCII)


def _objects(schema: Schema, always: Iterable[str]) -> Anything:
    if "additionalProperties" in schema:
        return st.dictionaries(st.sampled_from(WORDS + ODD_TEXTS), values(schema["additionalProperties"]), max_size=2)
    fields = {name: values(field) for name, field in schema.get("properties", {}).items()}
    if not fields:
        return st.dictionaries(st.sampled_from(WORDS), st.sampled_from(ODD), max_size=2)
    required = {name: fields.pop(name) for name in {*schema.get("required", ()), *always}}
    if not fields:
        return st.fixed_dictionaries(required)
    some = st.lists(st.sampled_from(sorted(fields)), max_size=2, unique=True)
    return some.flatmap(lambda names: st.fixed_dictionaries({**required, **{name: fields[name] for name in names}}))


def damaged(value: Any) -> Anything:
    """The value with something odd in one or two of its places."""
    change = st.tuples(st.sampled_from(list(places(value))), st.sampled_from(ODD))
    once = change.map(lambda one: replaced(value, *one))
    return once | once.flatmap(
        lambda odd: st.sampled_from(list(places(odd))).map(lambda place: replaced(odd, place, 1))
    )


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every value in the value."""
    yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inside in entries:
        yield from places(inside, (*path, key))


def found(value: Any, path: Path) -> Any:
    """What lies at a path."""
    for part in path:
        value = value[part]
    return value


def replaced(value: Any, path: Path, odd: Any) -> Any:
    """A copy with something else at the path."""
    if not path:
        return odd
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    changed = {key: replaced(inside, path[1:], odd) if key == path[0] else inside for key, inside in entries}
    return changed if isinstance(value, dict) else list(changed.values())
