"""Fields that the schema does not know."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from modelservice_operator.manifest import Manifest, joined
from modelservice_operator.validate.fields import OPEN, schema_of
from modelservice_operator.validate.mistakes import Mistake


def unknown_fields(value: object, schema: Manifest, path: str = "") -> Iterator[Mistake]:
    """A mistake for each field that strict validation refuses, with the name that may have been meant.

    What the schema leaves open is not looked at. A map where the schema has none consists of unknown fields.
    """
    is_open = OPEN in schema
    if isinstance(value, list):
        if "items" in schema or not is_open:
            for index, item in enumerate(value):
                yield from unknown_fields(item, schema.get("items", {}), f"{path}[{index}]")
    elif isinstance(value, dict):
        for field, inside in value.items():
            known = schema_of(field, schema)
            if known is not None:
                yield from unknown_fields(inside, known, joined(path, field))
            elif not is_open:
                hint = did_you_mean(field, schema.get("properties", ()))
                yield Mistake(joined(path, field), f"there is no such field{hint}")


def did_you_mean(name: str, known: Iterable[str], likeness: float = 0.6) -> str:
    """A question after the nearest known name; empty when none is as near as `likeness`, which is at most 1."""
    nearest = get_close_matches(name, known, n=1, cutoff=likeness)
    return f"; did you mean {nearest[0]}?" if nearest else ""
