"""What an engine takes on its command line and from its environment, and what is wrong with what we give it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final, Literal

import yaml
from pydantic import Field

from modelservice_operator.data import Data, NamedData, read_data

DIRECTORY: Final = Path(__file__).parent / "flags"

Takes = Literal["nothing", "one", "many", "optional"]


class Flag(Data):
    """A flag of an engine."""

    also: tuple[str, ...] = ()
    """Its other names."""
    takes: Takes = "one"
    """How many values follow; `optional` is one or none."""
    choices: tuple[str, ...] = ()
    """The values that there are, where the parser has a list."""
    deprecated: bool = False


class Engine(NamedData):
    """The flags of one version of an engine."""

    version: str
    tag: str
    """What the tags of its images have of the version."""
    source: str
    abbreviates: bool = False
    """Its parser completes the beginning of a flag, as argparse does."""
    flags: Mapping[str, Flag] = Field(default_factory=dict)
    prefix: str = ""
    """How the variables begin that are the engine's own; empty where they were not listed."""
    environment: tuple[str, ...] = ()
    """All variables with that beginning."""

    def find(self, name: str) -> Flag | None:
        """The flag that has this name."""
        return next((flag for first, flag in self.flags.items() if name in (first, *flag.also)), None)

    def completed(self, name: str) -> Flag | None:
        """The flag that the parser takes this name for, which may be the beginning of one alone."""
        if self.find(name) or not self.abbreviates or not name.startswith("--"):
            return self.find(name)
        begun = {first for first, flag in self.flags.items() if any(n.startswith(name) for n in (first, *flag.also))}
        return self.flags[begun.pop()] if len(begun) == 1 else None

    def names(self) -> list[str]:
        return [name for first, flag in self.flags.items() for name in (first, *flag.also)]


@dataclass(frozen=True)
class Given:
    """A flag on a command line, and its values."""

    flag: str
    values: tuple[str, ...]


def given(arguments: Sequence[str]) -> Iterator[Given]:
    """The flags of a command line, each with what follows it."""
    flag, values = "", list[str]()
    for argument in [*arguments, "--"]:
        if not argument.startswith("-"):
            values.append(argument)
            continue
        if flag:
            yield Given(flag, tuple(values))
        flag, equals, value = argument.partition("=")
        values = [value] if equals else []


def complaints(engine: Engine, arguments: Sequence[str]) -> list[str]:
    """What the engine's parser would refuse in a command line, or warn of."""
    return [text for entry in given(arguments) if (text := _complaint(engine, entry))]


def _complaint(engine: Engine, entry: Given) -> str:
    where = f"{engine.name} {engine.version}: {entry.flag}"
    flag = engine.find(entry.flag)
    if flag is None:
        return f"{where}: no such flag{_nearest(entry.flag, engine.names())}"
    if flag.deprecated:
        return f"{where}: deprecated"
    count = len(entry.values)
    if not {"nothing": count == 0, "one": count == 1, "many": True, "optional": count <= 1}[flag.takes]:
        return f"{where}: takes {flag.takes}, is given {count}: {' '.join(entry.values)}"
    wrong = [value for value in entry.values if flag.choices and value not in flag.choices]
    return f"{where}: {wrong[0]} is none of {', '.join(flag.choices)}" if wrong else ""


def unknown_variables(engine: Engine, names: Sequence[str]) -> list[str]:
    """The variables that look like the engine's, and are none."""
    return [
        f"{engine.name} {engine.version}: {name}: no such variable{_nearest(name, engine.environment)}"
        for name in names
        if engine.prefix and name.startswith(engine.prefix) and name not in engine.environment
    ]


def _nearest(name: str, names: Sequence[str]) -> str:
    near = get_close_matches(name, names, n=1)
    return f"; nearest is {near[0]}" if near else ""


def load() -> dict[str, Engine]:
    """What is known of each engine, by the name of its runtime."""
    read = (read_data(Engine, path.name, path.read_text("utf-8")) for path in sorted(DIRECTORY.glob("*.yaml")))
    return {engine.name: engine for engine in read}


def text_of(engine: Engine) -> str:
    """The data file: a line for each flag."""
    head = engine.model_dump(by_alias=True, include={"name", "version", "tag", "source", "abbreviates", "prefix"})
    lines = ["# Generated: make engine-flags"]
    lines += [f"{name}: {_scalar(value)}" for name, value in head.items()]
    lines.append("flags:" if engine.flags else "flags: {}")
    for name, flag in sorted(engine.flags.items()):
        lines.append(f"  {name}: {_flow(flag.model_dump(by_alias=True, exclude_defaults=True, mode='json'))}")
    lines.append("environment:" if engine.environment else "environment: []")
    lines += [f"- {name}" for name in sorted(set(engine.environment))]
    return "\n".join(lines) + "\n"


def _scalar(value: object) -> str:
    return _flow([value])[1:-1]


def _flow(value: object) -> str:
    return str(yaml.safe_dump(value, default_flow_style=True, width=100_000, allow_unicode=True)).strip()
