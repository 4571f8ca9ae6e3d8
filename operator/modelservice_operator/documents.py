"""YAML as Kubernetes reads and people review it: several documents in a text, and back."""

import json
import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, ClassVar, Final, TypeVar

import yaml

from modelservice_operator.manifest import Manifest

_BOOL: Final = "tag:yaml.org,2002:bool"
_FLOAT: Final = "tag:yaml.org,2002:float"
_INT: Final = "tag:yaml.org,2002:int"
_STR: Final = "tag:yaml.org,2002:str"
_ONE_LINE: Final = 90
"""Characters of a map or list that may stand on one line."""

_TRUTHS: Final = "y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON|n|N|no|No|NO|false|False|FALSE|off|Off|OFF"
_WHOLE: Final = "[-+]?(0b_*[01][01_]*|0[oO]_*[0-7][0-7_]*|0[0-7_]*|0x_*[0-9a-fA-F][0-9a-fA-F_]*|[1-9][0-9_]*)"
_FRACTION: Final = r"[-+]?(\.[0-9][0-9_]*|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?"
_NO_NUMBER: Final = r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
_AS_GO_READS: Final = (
    (_BOOL, re.compile(f"({_TRUTHS})$"), [*"yYtToOnNfF"]),
    (_INT, re.compile(f"({_WHOLE})$"), [*"-+0123456789"]),
    (_FLOAT, re.compile(f"({_FRACTION}|{_NO_NUMBER})$"), [*"-+.0123456789"]),
)
"""What Go's YAML libraries, and thereby kubectl, take for no text: its tag, its pattern, how it may begin."""
_OTHER_SCALARS: Final = frozenset({"tag:yaml.org,2002:merge", "tag:yaml.org,2002:null"})


class InvalidYaml(ValueError):
    """The text is no YAML; the message names the line."""


def read_documents(text: str) -> list[object]:
    """The documents in a text of YAML or JSON, without empty ones, as kubectl reads them; a key may stand only once.

    Raises:
        InvalidYaml: the text cannot be read.
    """
    try:
        if text.lstrip().startswith("{"):
            # Not all JSON is YAML, which takes no tabs before a line. What is neither, YAML says better.
            with suppress(json.JSONDecodeError):
                return _json_documents(text)
        return [document for document in yaml.load_all(text, Loader=_Loader) if document is not None]
    except InvalidYaml:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"line {mark.line + 1}: " if mark else ""
        raise InvalidYaml(f"{line}{error.problem or error.context}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidYaml(str(error)) from error
    except RecursionError as error:
        raise InvalidYaml("it is nested too deeply") from error


def _json_documents(text: str) -> list[object]:
    decoder = json.JSONDecoder(object_pairs_hook=_without_repetition)
    documents: list[object] = []
    rest = text.strip()
    while rest:
        document, end = decoder.raw_decode(rest)
        documents.append(document)
        rest = rest[end:].lstrip()
    return documents


def _without_repetition(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        raise InvalidYaml(f"{next(name for name in names if names.count(name) > 1)} stands twice")
    return fields


def write_documents(documents: Iterable[Manifest], *, compact: bool = False) -> str:
    """The documents as YAML: block style, keys in the order given, no aliases, long lines left whole.

    A text is quoted wherever some YAML reader in use would take it for a number, a boolean or null. With `compact` a
    short map or list stands on one line.
    """
    return yaml.dump_all(
        documents,
        Dumper=_CompactDumper if compact else _Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=sys.maxsize,
    )


class _Loader(yaml.SafeLoader):
    bool_values: ClassVar = {**yaml.SafeLoader.bool_values, "y": True, "n": False}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(None, None, f"{key.value} stands twice", key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag in _OTHER_SCALARS]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _tag, _pattern, _first in _AS_GO_READS:
    _Loader.add_implicit_resolver(_tag, _pattern, _first)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, _data: object) -> bool:
        return True

    def choose_scalar_style(self) -> str:
        style: str = super().choose_scalar_style()
        return '"' if style == "'" else style


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(_STR, text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
for _tag, _pattern, _first in _AS_GO_READS:
    _Dumper.add_implicit_resolver(_tag, _pattern, _first)


class _CompactDumper(_Dumper):
    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
        return _on_one_line(super().represent_mapping(tag, mapping, flow_style))

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> yaml.SequenceNode:
        return _on_one_line(super().represent_sequence(tag, sequence, flow_style))


_C = TypeVar("_C", bound=yaml.CollectionNode)


def _on_one_line(node: _C) -> _C:
    """The node, in flow style where that is short."""
    node.flow_style = _length(node) <= _ONE_LINE
    return node


def _length(node: yaml.Node) -> int:
    """Characters that the node takes on one line, about."""
    if isinstance(node, yaml.ScalarNode):
        return len(node.value)
    children = [child for pair in node.value for child in pair] if isinstance(node, yaml.MappingNode) else node.value
    return sum(_length(child) + 2 for child in children) + 2
