"""What there is around a ModelService, read with the rights of whoever asks."""

import asyncio
from dataclasses import replace
from typing import TypeAlias

from modelservice_operator.cluster.client import Client
from modelservice_operator.cluster.errors import ApiError, ApiUnreachable
from modelservice_operator.cluster.resources import BY_KIND, CONTROLLER_REVISION, Resource
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from modelservice_operator.preview.children import KINDS
from modelservice_operator.preview.surroundings import Surroundings

_Answer: TypeAlias = Manifest | list[Manifest] | str | None


async def around(client: Client, namespace: str, name: str) -> tuple[Surroundings, tuple[str, ...]]:
    """What has the name of a child, and the stored revisions; and what cannot be read, with why."""
    found = await asyncio.gather(*(_child(client, kind, namespace, name) for kind in KINDS))
    revisions = await _revisions(client, namespace, name)
    answers: dict[str, _Answer] = {**dict(zip(KINDS, found, strict=True)), CONTROLLER_REVISION.kind: revisions}
    unread = {kind: answer for kind, answer in answers.items() if isinstance(answer, str)}
    children = {kind: live for kind, live in zip(KINDS, found, strict=True) if isinstance(live, dict)}
    stored = revisions if isinstance(revisions, list) else []
    return Surroundings(children, stored, frozenset(unread)), tuple(unread.values())


def cannot(resource: Resource, error: Exception, of: str = "") -> str:
    """The sentence on a kind that cannot be read; `of` says which objects of it, if not all are meant."""
    why = f"{error.status} {error.reason}" if isinstance(error, ApiError) else str(error)
    return f"{resource.full_name}{of} cannot be read: {why}."


async def _child(client: Client, kind: str, namespace: str, name: str) -> Manifest | str | None:
    """The object of that kind and name, None if there is none, or why that is not known."""
    try:
        return await client.get(BY_KIND[kind], namespace, name)
    except (ApiError, ApiUnreachable) as error:
        return cannot(BY_KIND[kind], error)


async def _revisions(client: Client, namespace: str, name: str) -> list[Manifest] | str:
    of_this = replace(CONTROLLER_REVISION, selector=f"{names.CHILD_SELECTOR},{names.NAME}={name}")
    try:
        return [item async for page in client.list_objects(of_this, namespace) for item in page.items]
    except (ApiError, ApiUnreachable) as error:
        return cannot(CONTROLLER_REVISION, error)
