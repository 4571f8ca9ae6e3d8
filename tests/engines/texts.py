"""Flags from the documents of an engine, or from its sources in other languages than Python."""

import re
from collections.abc import Iterator

from engines.contract import Flag, Takes

Flags = dict[str, Flag]


def _named(
    names: list[str], takes: Takes, choices: tuple[str, ...] = (), *, deprecated: bool = False
) -> tuple[str, Flag]:
    """A flag under its first long name."""
    first = next((name for name in names if name.startswith("--")), names[0])
    others = tuple(name for name in names if name != first)
    return first, Flag(also=others, takes=takes, choices=choices, deprecated=deprecated)


def llamacpp(readme: str) -> tuple[Flags, list[str]]:
    """From the tables of llama.cpp's tools/server/README.md: `| `-m, --model FNAME` | explanation (env: X) |`."""
    flags: Flags = {}
    variables: list[str] = []
    for head, explanation in re.findall(r"^\| `(-.+?)` \| (.*) \|$", readme, re.MULTILINE):
        names = re.findall(r"(?:^|, )(--?[A-Za-z][\w-]*)", head)
        rest = head[head.rindex(names[-1]) + len(names[-1]) :].strip()
        choices = re.fullmatch(r"\{(.+)\}|\[(.+\\?\|.+)\]", rest)
        values = re.split(r"[,|]", (choices[1] or choices[2]).replace("\\", "")) if choices else []
        deprecated = "DEPRECATED" in explanation or "argument has been removed" in explanation
        first, flag = _named(names, "one" if rest else "nothing", tuple(values), deprecated=deprecated)
        flags[first] = flag
        variables += re.findall(r"\(env: (\w+)\)", explanation)
    return flags, [name for name in variables if name.startswith("LLAMA_ARG_")]


def clap(usage: str) -> tuple[Flags, list[str]]:
    """From what `--help` of a program in Rust prints: `-p, --port <PORT>`, and `[possible values: a, b]` below."""
    return dict(_clap(usage)), []


def _clap(usage: str) -> Iterator[tuple[str, Flag]]:
    heads = list(re.finditer(r"^ {2,6}((?:-\w, )?--[\w-]+)(?: (<.+>|\[<.+>\]))?$", usage, re.MULTILINE))
    for head, following in zip(heads, [*heads[1:], None], strict=True):
        body = usage[head.end() : following.start() if following else None]
        values = re.search(r"\[possible values: (.+?)\]", body)
        # `- off: what it means`, the long form of the same.
        listed = re.findall(r"^ +- ([\w-]+):", body.partition("Possible values:")[2], re.MULTILINE)
        takes: Takes = "nothing" if not head[2] else "optional" if head[2].startswith("[") else "one"
        yield _named(head[1].split(", "), takes, tuple(values[1].split(", ") if values else listed))


def triton(source: str) -> tuple[Flags, list[str]]:
    """From Triton's src/command_line_parser.cc: names of one option together."""
    options: dict[str, tuple[list[str], Takes]] = {}
    for option, name, kind in re.findall(r'\{(OPTION_\w+),\s*"([\w-]+)",\s*(Option::ArgNone|Option|")', source):
        names, _ = options.setdefault(option, ([], "nothing" if kind.endswith("None") else "one"))
        names.append(f"--{name}")
    return dict(_named(names, takes) for names, takes in options.values()), []


def ollama(source: str) -> tuple[Flags, list[str]]:
    """From Ollama's envconfig/config.go: the keys of AsMap."""
    table = source.partition("func AsMap()")[2]
    names = re.findall(r'^\s*(?:ret\[)?"(OLLAMA_\w+)"(?:\] =|:)', table, re.MULTILINE)
    return {}, names
