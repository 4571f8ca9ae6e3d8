"""The raw manifest type, and canonical JSON for hashing."""

import hashlib
import json
from typing import Any, Final, TypeAlias

Manifest: TypeAlias = dict[str, Any]
"""A Kubernetes object, or a part of one, as JSON gives it. The only place where `Any` is welcome."""


def canonical_json(value: object) -> str:
    """JSON with sorted keys and no blanks: equal values give equal text, on every version of Python.

    Frozen: names of revisions and hash annotations in live clusters are computed from it.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(value: object) -> str:
    """32 hexadecimal digits (BLAKE2b, 128 bits) over the canonical JSON. Frozen, as `canonical_json` is."""
    return hashlib.blake2b(canonical_json(value).encode(), digest_size=16).hexdigest()


def joined(path: str, name: str) -> str:
    """The path of a field of the map at `path`, which is empty for the whole."""
    return f"{path}.{name}" if path else name


_ESCAPES: Final = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def wire_json(value: object) -> bytes:
    """Canonical JSON as Go's encoder would write it, for request bodies.

    The API server keeps the data of a ControllerRevision as the bytes that were posted and calls any others a change
    of something immutable. Every patch, also the garbage collector's, has it encode them anew, so they must already
    be what its encoder makes of them.
    """
    return canonical_json(value).translate(_ESCAPES).encode()


_YAML_ESCAPES: Final = {code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), 0xFEFF, 0xFFFE, 0xFFFF)}


def wire_yaml(value: object) -> bytes:
    """The same for bodies that the API server reads as YAML, as it does with those of server-side apply.

    There a line may end with U+0085, which would become a blank, and other characters are refused unless escaped.
    """
    return wire_json(value).decode().translate(_YAML_ESCAPES).encode()
