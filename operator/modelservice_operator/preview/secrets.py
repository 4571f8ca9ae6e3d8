"""Objects and texts without the secrets in them: a variable may hold one, although it should not."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from modelservice_operator.diagnose.masking import MASK, masked
from modelservice_operator.manifest import Manifest
from modelservice_operator.validate.mistakes import quoted

_ASSIGNMENT: Final = re.compile(r"(?P<name>[^\s=]+)=(?P<value>.*)", re.DOTALL)
"""An argument that holds its value: `--api-key=…`, and `API_KEY=…` behind `env`."""
_LONG: Final = 8
"""Characters of a secret that is no word of a sentence, and no number in it."""

_Place: TypeAlias = tuple[str, ...]
"""Where a secret stands, by the names of items and arguments: another one before it in a list moves nothing."""


def without_secrets(before: Manifest, after: Manifest) -> tuple[Manifest, Manifest]:
    """Both with `***` in the place of secrets, and a word behind it where the secret there changes."""
    old, new = _Masking(), _Masking()
    old.fields(before, ())
    new.fields(after, ())
    changed = frozenset(place for place in {*old.found, *new.found} if old.found.get(place) != new.found.get(place))
    return _Masking(" (before)", changed).fields(before, ()), _Masking(" (after)", changed).fields(after, ())


def told(text: str, objects: Iterable[Manifest | None]) -> str:
    """What is said about the objects, with `***` in the place of their secrets and of all that looks like one."""
    for secret in sorted(_secrets(objects), key=len, reverse=True):
        for spelt in (quoted(secret)[1:-1], secret):
            pattern = re.escape(spelt)
            text = re.sub(pattern if len(spelt) >= _LONG else rf"(?<!\w){pattern}(?!\w)", MASK, text)
    return masked(text)


def _secrets(objects: Iterable[Manifest | None]) -> Iterator[str]:
    for each in objects:
        masking = _Masking()
        masking.fields(each or {}, ())
        yield from (secret for secrets in masking.found.values() for secret in secrets if secret)


@dataclass(slots=True)
class _Masking:
    """One walk through an object: gives it back without its secrets, and notes them by their place."""

    mark: str = ""
    changed: frozenset[_Place] = frozenset()
    """Where the mark is put behind the secret."""
    found: dict[_Place, list[str]] = field(default_factory=dict)

    def fields(self, fields: Manifest, place: _Place) -> Manifest:
        return {
            key: self._part(item, (*place, key))
            if isinstance(item, dict | list)
            else self._value(_name_of(fields, key), item, (*place, key))
            for key, item in fields.items()
        }

    def _part(self, value: Manifest | list[object], place: _Place) -> object:
        if isinstance(value, dict):
            return self.fields(value, place)
        return [
            self._part(item, (*place, _called(item, index)))
            if isinstance(item, dict | list)
            else self._argument(flag, item, place)
            for index, (flag, item) in enumerate(zip([None, *value], value, strict=False))
        ]

    def _value(self, name: str, value: object, place: _Place) -> object:
        """What stands under a name: all of it is secret if the name says so."""
        if not _is_scalar(value):
            return value
        return self._hidden(MASK, str(value), place) if _names_a_secret(f"{name}: ") else self._text(value, place)

    def _argument(self, flag: object, value: object, place: _Place) -> object:
        """An item of a list, such as an argument: what names it stands in it, or is the item before it."""
        if not _is_scalar(value):
            return value
        text = str(value)
        if isinstance(flag, str) and flag.startswith("-") and "=" not in flag and _names_a_secret(f"{flag} "):
            return self._hidden(MASK, text, (*place, flag))
        assigned = _ASSIGNMENT.fullmatch(text)
        if assigned is not None and _names_a_secret(f"{assigned['name']}="):
            shown = f"{assigned['name']}={MASK}"
            return self._hidden(shown, assigned["value"], (*place, assigned["name"]))
        return self._text(value, (*place, masked(text)))

    def _text(self, value: object, place: _Place) -> object:
        """A value that only its own form can give away."""
        text = str(value)
        shown = masked(text)
        return value if shown == text else self._hidden(shown, text, place)

    def _hidden(self, shown: str, secret: str, place: _Place) -> str:
        self.found.setdefault(place, []).append(secret)
        return f"{shown}{self.mark}" if place in self.changed else shown


def _is_scalar(value: object) -> bool:
    """It can be a secret: a number that nobody put quotes around, too."""
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _called(item: object, index: int) -> str:
    return str(item.get("name", index)) if isinstance(item, dict) else str(index)


def _name_of(fields: Manifest, key: str) -> str:
    """What a value is that of: of a variable, it stands beside."""
    return str(fields.get("name")) if key == "value" and "name" in fields else key


def _names_a_secret(beginning: str) -> bool:
    """What stands behind such a beginning is masked."""
    return masked(f"{beginning}x") != f"{beginning}x"
