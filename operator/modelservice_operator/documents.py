"""YAML as Kubernetes reads and people review it: several documents in a text, and back."""

import json
import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, ClassVar, Final, TypeVar

import yaml
from yaml.constructor import ConstructorError
from yaml.reader import ReaderError

from modelservice_operator.manifest import Manifest

_YAML: Final = "tag:yaml.org,2002:"
_BOOL: Final = f"{_YAML}bool"
_FLOAT: Final = f"{_YAML}float"
_INT: Final = f"{_YAML}int"
_STR: Final = f"{_YAML}str"
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
_OTHER_SCALARS: Final = frozenset({f"{_YAML}merge", f"{_YAML}null"})


HALF_CHARACTERS: Final = re.compile("[\ud800-\udfff]")
"""Surrogates, which an escape can name."""

_SEPARATOR: Final = re.compile(r"^---[ \t]*(?:#.*)?\r?$\n?", re.MULTILINE)
_BAD_SEPARATOR: Final = re.compile("^---", re.MULTILINE)
_BYTE_ORDER_MARK: Final = "\ufeff"
_MOST_VALUES: Final = 1_000_000
"""Far more than fit into an object of Kubernetes."""
_LONGEST_NUMBER: Final = 400
"""Digits; those of the largest float are 309."""


class InvalidYaml(ValueError):
    """The text is no YAML; the message names the line."""


def read_documents(text: str) -> list[object]:
    """The documents in a text of YAML or JSON, without empty ones, as kubectl reads them; a key may stand only once.

    Raises:
        InvalidYaml: the text cannot be read.
    """
    return [document for part in parts(text) for document in read_part(part)]


def parts(text: str) -> list[str]:
    """The text cut where kubectl cuts it, at lines of three dashes, so that a broken document hides no other.

    Blank lines stand for what is before a part: its lines keep their numbers.
    """
    result, start = [], 0
    for separator in [*_SEPARATOR.finditer(text), None]:
        end = separator.start() if separator else len(text)
        result.append("\n" * text.count("\n", 0, start) + text[start:end].removeprefix(_BYTE_ORDER_MARK))
        start = separator.end() if separator else end
    return result


def read_part(part: str) -> list[object]:
    """The documents in one of the `parts` of a text: in JSON they may follow each other.

    Raises:
        InvalidYaml: the part cannot be read.
    """
    try:
        if part.lstrip().startswith("{"):
            # Not all JSON is YAML, which takes no tabs before a line. What is neither, YAML says better.
            with suppress(json.JSONDecodeError):
                return _json_documents(part)
        if found := _BAD_SEPARATOR.search(part):
            raise InvalidYaml(
                f"line {_line_at(part, found.start())}: nothing may follow the three dashes on their line"
            )
        return [document for document in yaml.load_all(part, Loader=_Loader) if document is not None]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"line {mark.line + 1}: " if mark else ""
        raise InvalidYaml(f"{line}{error.problem or error.context}") from error
    except ReaderError as error:
        place, code = _line_at(part, error.position), ord(part[error.position])
        raise InvalidYaml(f"line {place}: the character U+{code:04X} may not stand in YAML as it is") from error
    except RecursionError as error:
        raise InvalidYaml("it is nested too deeply") from error


def _line_at(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _json_documents(text: str) -> list[object]:
    decoder = json.JSONDecoder(object_pairs_hook=_without_repetition, parse_int=_whole, parse_constant=str)
    documents: list[object] = []
    rest = text.strip()
    while rest:
        document, end = decoder.raw_decode(rest)
        documents.append(document)
        rest = rest[end:].lstrip()
    return documents


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else float(digits)


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

    def construct_document(self, node: yaml.Node) -> object:
        if _values_in(node, {}) > _MOST_VALUES:
            raise ConstructorError(None, None, f"its aliases stand for more than {_MOST_VALUES} values", None)
        return super().construct_document(node)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError) as error:
            problem = f"{str(node.value)[:40]} is no {node.tag.rpartition(':')[2]}"
            raise ConstructorError(None, None, problem, node.start_mark) from error

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise ConstructorError(None, None, f"{key.value} stands twice", key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> str:
        text = super().construct_scalar(node)
        if HALF_CHARACTERS.search(text):
            problem = "half a character: write one beyond \\uffff with \\U and eight digits"
            raise ConstructorError(None, None, problem, node.start_mark)
        return text

    def construct_number(self, node: yaml.ScalarNode) -> object:
        """What no float can hold is a text to kubectl."""
        if len(node.value) > _LONGEST_NUMBER:
            return node.value
        number = self.construct_yaml_int(node) if node.tag == _INT else self.construct_yaml_float(node)
        beyond = abs(number) > sys.float_info.max and "inf" not in node.value.lower()
        return node.value if beyond else number


def _values_in(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values a document holds once each alias is replaced by what it stands for."""
    if id(node) not in known:
        if isinstance(node, yaml.ScalarNode):
            return 1
        known[id(node)] = sys.maxsize  # for what it holds: an anchor in itself has no end
        pairs = node.value if isinstance(node, yaml.MappingNode) else [(item,) for item in node.value]
        known[id(node)] = 1 + sum(_values_in(child, known) for pair in pairs for child in pair)
    return known[id(node)]


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag in _OTHER_SCALARS]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _tag, _pattern, _first in _AS_GO_READS:
    _Loader.add_implicit_resolver(_tag, _pattern, _first)
_Loader.yaml_constructors = _Loader.yaml_constructors | {
    _INT: _Loader.construct_number,
    _FLOAT: _Loader.construct_number,
    # kubectl knows none of these types.
    f"{_YAML}timestamp": yaml.SafeLoader.construct_yaml_str,
    f"{_YAML}set": yaml.SafeLoader.construct_yaml_map,
    f"{_YAML}omap": yaml.SafeLoader.construct_yaml_seq,
    f"{_YAML}pairs": yaml.SafeLoader.construct_yaml_seq,
}


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
