"""Two versions of an object without the secrets in them: a variable may hold one, although it should not."""

from collections.abc import Iterator

from modelservice_operator.diagnose.masking import MASK, masked
from modelservice_operator.manifest import Manifest


def without_secrets(before: Manifest, after: Manifest) -> tuple[Manifest, Manifest]:
    """Both with `***` in the place of secrets, and a word behind it where the secret itself changes."""
    old, new = frozenset(_secrets(before)), frozenset(_secrets(after))
    return _fields(before, old - new, " (before)"), _fields(after, new - old, " (after)")


def _secrets(value: object) -> Iterator[str]:
    """Texts with a secret in them."""
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, str):
                if _hidden(_name_of(value, key), item) != item:
                    yield item
            else:
                yield from _secrets(item)
    elif isinstance(value, list):
        for flag, item in zip(["", *value], value, strict=False):
            if isinstance(item, str):
                if _hidden_argument(flag, item) != item:
                    yield item
            else:
                yield from _secrets(item)


def _fields(fields: Manifest, changed: frozenset[str], mark: str) -> Manifest:
    return {
        key: _marked(_hidden(_name_of(fields, key), item), item, changed, mark)
        if isinstance(item, str)
        else _part(item, changed, mark)
        for key, item in fields.items()
    }


def _part(value: object, changed: frozenset[str], mark: str) -> object:
    if isinstance(value, dict):
        return _fields(value, changed, mark)
    if isinstance(value, list):
        return [
            _marked(_hidden_argument(flag, item), item, changed, mark)
            if isinstance(item, str)
            else _part(item, changed, mark)
            for flag, item in zip(["", *value], value, strict=False)
        ]
    return value


def _marked(hidden: str, text: str, changed: frozenset[str], mark: str) -> str:
    return f"{hidden}{mark}" if text in changed and hidden != text else hidden


def _name_of(fields: Manifest, key: str) -> str:
    """What a text is the value of: of a variable, it stands beside."""
    return str(fields.get("name")) if key == "value" and "name" in fields else key


def _hidden(name: str, text: str) -> str:
    """The text without the secret in it, all of it if its name says that it is one."""
    return MASK if masked(f"{name}: x") != f"{name}: x" else masked(text)


def _hidden_argument(flag: object, text: str) -> str:
    """The same for an argument, behind which its value may stand as the next one."""
    pair = f"{flag} x"
    return MASK if isinstance(flag, str) and flag.startswith("-") and masked(pair) != pair else masked(text)
