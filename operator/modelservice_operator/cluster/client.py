"""The API client: what is asked of the API server, in Kubernetes' verbs."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

from modelservice_operator.cluster.errors import ApiError, ApiUnreachable, is_absence
from modelservice_operator.cluster.resources import BY_KIND, Resource
from modelservice_operator.cluster.transport import Transport
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names

APPLY = "application/apply-patch+yaml"
MERGE_PATCH = "application/merge-patch+json"
PAGE_SIZE = 50
"""Objects per page of a list. Memory that parsing a page took is not given back: pages of 500 cost 13 MiB for good."""
WATCH_SECONDS = 300
"""After so long the API server ends a watch of ours: a connection that died without a word is noticed no later."""


@dataclass(frozen=True, slots=True)
class Page:
    """Part of the answer to a LIST: the objects and the resourceVersion at which they were read."""

    items: list[Manifest]
    resource_version: int


class Client(Transport):
    """The verbs, each on plain dictionaries. Errors are as those of `Transport.send` where nothing else is said."""

    async def get(self, resource: Resource, namespace: str, name: str) -> Manifest | None:
        """The live object, or None where there is none."""
        try:
            return await self.request("GET", resource.path(namespace, name))
        except ApiError as error:
            if is_absence(error):
                return None
            raise

    async def list_objects(
        self, resource: Resource, namespace: str | None = None, *, fields: str = "", metadata_only: bool = False
    ) -> AsyncIterator[Page]:
        """All objects of a kind (those that its selector selects), page by page, all as of the same resourceVersion.

        With `fields`, a field selector, only those that it selects as well.
        """
        query = {"limit": str(PAGE_SIZE)}
        if fields:
            query["fieldSelector"] = fields
        if resource.selector:
            query["labelSelector"] = resource.selector
        accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1" if metadata_only else None
        while True:
            answer = await self.request("GET", resource.path(namespace), query=query, accept=accept)
            items = answer.get("items") or []
            for item in items:
                item["apiVersion"], item["kind"] = resource.api_version, resource.kind
            yield Page(items, int(answer["metadata"]["resourceVersion"]))
            query["continue"] = answer["metadata"].get("continue") or ""
            if not query["continue"]:
                return

    async def watch(self, resource: Resource, namespace: str | None = None, *, fields: str) -> AsyncIterator[Manifest]:
        """What happens to the objects that a field selector selects from now on, until the API server ends it.

        Each item has the `type` and the `object`. Errors come within the stream too.
        """
        path = resource.path(namespace)
        newest = await self.request("GET", path, query={"limit": "1"})
        query = {
            "watch": "true",
            "fieldSelector": fields,
            "resourceVersion": newest["metadata"]["resourceVersion"],
            "timeoutSeconds": str(WATCH_SECONDS),
        }
        async with aclosing(self.stream(path, query, WATCH_SECONDS)) as events:
            async for event in events:
                if event.get("type") == "ERROR":
                    raise ApiUnreachable(f"GET {path}: the watch broke off")
                yield event

    async def create(self, manifest: Manifest) -> Manifest:
        """POST. An object of that name is an ApiError 409."""
        resource, namespace, _ = _address(manifest)
        query = {"fieldManager": names.FIELD_MANAGER}
        answer = await self.request("POST", resource.path(namespace), query=query, body=manifest)
        self.observer.wrote(resource.kind, "create")
        return answer

    async def apply(
        self, manifest: Manifest, *, force: bool, manager: str = names.FIELD_MANAGER
    ) -> tuple[Manifest, bool]:
        """Server-side apply of a whole intent; the answer and whether the object was created by it."""
        resource, namespace, name = _address(manifest)
        query = {"fieldManager": manager, "force": "true" if force else "false"}
        status, answer = await self.send(
            "PATCH", resource.path(namespace, name), query=query, body=manifest, content_type=APPLY
        )
        self.observer.wrote(resource.kind, "apply")
        return answer, status == 201

    async def merge_patch(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        patch: Manifest,
        *,
        subresource: str | None = None,
        manager: str = names.FIELD_MANAGER,
    ) -> Manifest:
        """JSON merge patch; `metadata.resourceVersion` in it makes it fail with 409 when the object has moved on."""
        answer = await self.request(
            "PATCH",
            resource.path(namespace, name, subresource),
            query={"fieldManager": manager},
            body=patch,
            content_type=MERGE_PATCH,
        )
        self.observer.wrote(resource.kind, "patch")
        return answer

    async def delete(self, resource: Resource, namespace: str, name: str, uid: str) -> None:
        """Delete just that object; gone already, or another one of that name, is fine."""
        options: Manifest = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
        try:
            await self.request("DELETE", resource.path(namespace, name), body=options)
        except ApiError as error:
            if error.status not in {404, 409}:
                raise
        else:
            self.observer.wrote(resource.kind, "delete")


def _address(manifest: Manifest) -> tuple[Resource, str, str]:
    metadata = manifest["metadata"]
    return BY_KIND[manifest["kind"]], metadata["namespace"], metadata["name"]
