"""What stands twice in a pod template: server-side apply would refuse it, and not say so kindly."""

from collections import Counter
from collections.abc import Iterator

from modelservice_operator.manifest import Manifest, canonical_json, joined
from modelservice_operator.plan.pod_schema import KEY_DEFAULTS, TEMPLATE, Field


def duplicates(template: Manifest) -> list[str]:
    """Each item that stands twice by the keys of server-side apply: `spec.containers[server].env: HOME stands twice`.

    Items that lack a key are not compared; the API server refuses them for that.
    """
    return list(_duplicates(template, TEMPLATE, ""))


def _duplicates(value: object, field: Field, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in field.fields.items():
            yield from _duplicates(value.get(name), inner, joined(path, name))
    elif isinstance(value, list):
        identities = [_identity(item, field) for item in value]
        for identity, count in Counter(identities).items():
            if identity and count > 1:
                yield f"{path}: {' '.join(identity)} stands twice"
        for index, (item, identity) in enumerate(zip(value, identities, strict=True)):
            yield from _duplicates(item, field, f"{path}[{identity[0] if identity else index}]")


def _identity(item: object, field: Field) -> tuple[str, ...]:
    """What tells the item from the others, as text; nothing if the list does not ask for that."""
    if field.is_set:
        return (_text(item),)
    fields = {**KEY_DEFAULTS, **item} if isinstance(item, dict) else {}
    if any(fields.get(key) is None for key in field.list_keys):
        return ()
    return tuple(_text(fields[key]) for key in field.list_keys)


def _text(value: object) -> str:
    return value if isinstance(value, str) else canonical_json(value)
