"""Manifests without what says nothing."""


def compact(value: object) -> object:
    """The value without nulls, empty texts, empty lists and empty maps, at any depth. False and 0 stay.

    The API server drops the same from most objects: an intent that holds them would never be covered.
    """
    if isinstance(value, dict):
        fields = {key: compact(item) for key, item in value.items()}
        return {key: item for key, item in fields.items() if not _is_empty(item)}
    if isinstance(value, list | tuple):
        return [compact(item) for item in value]
    return value


def _is_empty(value: object) -> bool:
    return value is None or value in ("", {}, [])
