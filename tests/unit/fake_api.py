"""An API server in memory: enough of one for everything that `cluster/client.py` sends, and for what others do.

Objects have uids, resourceVersions, generations and field owners; requests can be made to fail. What the watches would
tell stands in `events`, for a test to deliver in whatever order it likes.
"""

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, Unpack

from typing_extensions import override

from modelservice_operator.api.status import PENDING
from modelservice_operator.cluster.client import APPLY, Client
from modelservice_operator.cluster.errors import ApiError, ApiUnreachable, Cause
from modelservice_operator.cluster.resources import BY_KIND, EVENT, Resource
from modelservice_operator.cluster.transport import Content
from modelservice_operator.manifest import Manifest, wire_json
from unit.admission import default, validate
from unit.field_ownership import Conflict, Owner, Owners, apply, content, managed_fields, update

NAMESPACE: Final = "ml"
CREATED: Final = "2026-11-22T10:00:00Z"

_COUNTS_GENERATIONS: Final = frozenset({"ModelService", "Deployment"})
_IDENTITY: Final = ("apiVersion", "kind", "metadata")


class Request(NamedTuple):
    """What was asked of the API server."""

    verb: str
    """get, list, create, apply, force (an apply with force), patch or delete."""
    kind: str
    name: str
    subresource: str
    body: Manifest

    def __str__(self) -> str:
        return f"{self.verb} {self.kind} {self.name}".rstrip() + (f"/{self.subresource}" if self.subresource else "")


class Event(NamedTuple):
    """What a watch tells; the type is None for what it lists when it begins."""

    resource: Resource
    type: str | None
    manifest: Manifest


@dataclass
class Failure:
    """Why a request fails. Status 0 is a connection that breaks."""

    status: int
    reason: str = ""
    message: str = "injected"
    causes: tuple[Cause, ...] = ()
    retry_after: float | None = None
    applied: bool = False
    """It takes effect all the same: only the answer is lost."""

    def error(self) -> Exception:
        if not self.status:
            return ApiUnreachable("the connection broke")
        return ApiError(self.status, self.reason, self.message, causes=self.causes, retry_after=self.retry_after)


@dataclass
class _Stored:
    manifest: Manifest
    owners: Owners


class FakeApi:
    """The objects of one namespace. `now` is what new objects have as creationTimestamp."""

    def __init__(self) -> None:
        self.now = CREATED
        self.requests: list[Request] = []
        self.events: list[Event] = []
        self.told: list[Manifest] = []
        """Events that others wrote."""
        self.printed: dict[str, str] = {}
        """The output of containers, by pod."""
        self.before: Callable[[Request], None] = lambda _: None
        """Called before each request is served: what happens meanwhile."""
        self.hiccups: Iterator[Failure | None] = iter(())
        """What becomes of the next requests."""
        self._failures: list[tuple[str, Failure, int]] = []
        self._objects: dict[tuple[str, str], _Stored] = {}
        self._version = 0
        self._uids = 0

    def fail(self, request: str, failure: Failure, times: int = 1) -> None:
        """Let the next requests fail whose text begins like this, such as `apply Deployment`."""
        self._failures.append((request, failure, times))

    def recover(self) -> None:
        """Let no request fail any more."""
        self._failures.clear()
        self.hiccups = iter(())

    def writes(self, since: int = 0) -> list[str]:
        """Requests that change something, or would if it were not so already."""
        return [str(request) for request in self.requests[since:] if request.verb not in {"get", "list"}]

    # What others do.

    def live(self, kind: str, name: str = "qwen") -> Manifest | None:
        """The object as the API server gives it."""
        stored = self._objects.get((kind, name))
        if stored is None:
            return None
        manifest = copy.deepcopy(stored.manifest)
        manifest["metadata"]["managedFields"] = managed_fields(stored.owners)
        return manifest

    def objects(self, kind: str) -> list[Manifest]:
        """All objects of a kind, in the order of their names."""
        found = (self.live(kind, name) for known, name in sorted(self._objects) if known == kind)
        return [manifest for manifest in found if manifest is not None]

    def put(self, manifest: Manifest, manager: str = "kubectl") -> Manifest:
        """Someone creates an object; a uid and a creationTimestamp may be given."""
        bare = copy.deepcopy(manifest)
        owners: Owners = {}
        update({"metadata": {}}, bare, owners, Owner(manager, "Update"))
        return self._create(bare, owners)

    def edit(self, kind: str, change: Callable[[Manifest], None], name: str = "qwen", manager: str = "kubectl") -> None:
        """Someone changes an object; nothing happens where there is none."""
        self._edit(kind, name, change, Owner(manager, "Update"))

    def set_status(self, kind: str, status: Manifest, name: str = "qwen", manager: str = "controller") -> None:
        """Another controller writes a status."""
        self._edit(kind, name, lambda manifest: manifest.update(status=status), Owner(manager, "Update", "status"))

    def remove(self, kind: str, name: str = "qwen") -> None:
        """Someone deletes an object; finalizers hold it."""
        stored = self._objects.get((kind, name))
        if stored is None:
            return
        if stored.manifest["metadata"].get("finalizers"):
            self._edit(kind, name, lambda manifest: manifest["metadata"].update(deletionTimestamp=self.now), None)
            return
        self._announce(stored.manifest, self._objects.pop((kind, name)).manifest, stored.owners, gone=True)

    def collect_garbage(self) -> None:
        """Delete everything whose owners are all gone."""
        uids = {stored.manifest["metadata"]["uid"] for stored in self._objects.values()}
        for (kind, name), stored in list(self._objects.items()):
            owners = stored.manifest["metadata"].get("ownerReferences") or ()
            if owners and not any(owner["uid"] in uids for owner in owners):
                self.remove(kind, name)

    # What the operator asks for.

    def serve(self, request: Request, query: Mapping[str, str]) -> tuple[int, Manifest]:
        """Answer a request: HTTP status and body.

        Raises:
            ApiError, ApiUnreachable: as a client would.
        """
        self.requests.append(request)
        self.before(request)
        failure = self._failure(request)
        if failure is not None and not failure.applied:
            raise failure.error()
        answer = self._serve(request, query)
        if failure is not None:
            raise failure.error()
        return answer

    def _failure(self, request: Request) -> Failure | None:
        for index, (text, failure, times) in enumerate(self._failures):
            if str(request).startswith(text):
                self._failures[index : index + 1] = [(text, failure, times - 1)] if times > 1 else []
                return failure
        return next(self.hiccups, None)

    def _serve(self, request: Request, query: Mapping[str, str]) -> tuple[int, Manifest]:
        match request.verb:
            case "list":
                return 200, self._list(request.kind, query)
            case "create":
                return 201, self._post(request)
            case "apply" | "force":
                return self._apply(request, query.get("fieldManager", "modelservice-operator"))
        live = self.live(request.kind, request.name)
        if live is None:
            raise _not_found(request)
        match request.verb:
            case "patch":
                self._patch(request, live, query.get("fieldManager", "modelservice-operator"))
            case "delete":
                self._delete(request, live)
        return 200, self.live(request.kind, request.name) or live

    def _list(self, kind: str, query: Mapping[str, str]) -> Manifest:
        if kind == EVENT.kind:
            uid = query["fieldSelector"].removeprefix("involvedObject.uid=")
            return {"items": [event for event in self.told if event["involvedObject"]["uid"] == uid]}
        found = [manifest for manifest in self.objects(kind) if _selected(manifest, query.get("labelSelector", ""))]
        start = int(query.get("continue") or 0)
        end = start + int(query["limit"])
        page = found[start:end]
        for manifest in page:
            del manifest["apiVersion"], manifest["kind"]
        metadata = {"resourceVersion": str(self._version), "continue": str(end) if end < len(found) else ""}
        return {"metadata": metadata, "items": page}

    def _post(self, request: Request) -> Manifest:
        if (request.kind, request.name) in self._objects:
            raise ApiError(409, "AlreadyExists", f"{request.kind} {request.name} already exists")
        owners: Owners = {}
        update({"metadata": {}}, request.body, owners, Owner("modelservice-operator", "Update"))
        return self._create(copy.deepcopy(request.body), owners)

    def _apply(self, request: Request, manager: str) -> tuple[int, Manifest]:
        live = self._objects.get((request.kind, request.name))
        uid = request.body["metadata"].get("uid")
        if live is None and uid is not None:
            raise ApiError(409, "Conflict", f"uid mismatch: the provided object specified uid {uid}, and there is none")
        if live is not None and uid not in (None, live.manifest["metadata"]["uid"]):
            cause = Cause("FieldValueInvalid", "metadata.uid", "field is immutable")
            raise ApiError(422, "Invalid", f'{request.kind} "{request.name}" is invalid', causes=(cause,))
        version = request.body["metadata"].get("resourceVersion")
        if live is not None and version not in (None, live.manifest["metadata"]["resourceVersion"]):
            raise ApiError(409, "Conflict", "the object has been modified; please apply your changes to the latest")
        before = live.manifest if live is not None else {"metadata": {}}
        owners = copy.deepcopy(live.owners) if live is not None else {}
        try:
            after = apply(before, owners, manager, request.body, force=request.verb == "force")
        except Conflict as conflict:
            causes = tuple(Cause("FieldManagerConflict", name, "") for name in conflict.fields)
            raise ApiError(409, "Conflict", str(conflict), causes=causes) from conflict
        if live is None:
            identity = {key: copy.deepcopy(request.body[key]) for key in _IDENTITY}
            identity["metadata"] |= after["metadata"]
            return 201, self._create({**identity, **after, "metadata": identity["metadata"]}, owners)
        self._store(_with_content(live.manifest, after), owners)
        return 200, self.live(request.kind, request.name) or {}

    def _patch(self, request: Request, live: Manifest, manager: str) -> None:
        version = request.body.get("metadata", {}).get("resourceVersion")
        if version not in (None, live["metadata"]["resourceVersion"]):
            raise ApiError(409, "Conflict", "the object has been modified; please apply your changes to the latest")
        part = {key: value for key, value in request.body.items() if (key == "status") == (request.subresource != "")}
        part.get("metadata", {}).pop("resourceVersion", None)
        fields = part.get("metadata", {}).pop("managedFields", None)
        if fields is not None:
            managers = {entry["manager"] for entry in fields}
            stored = self._objects[request.kind, request.name]
            stored.owners = {owner: held for owner, held in stored.owners.items() if owner.manager in managers}

        def change(manifest: Manifest) -> None:
            patched = merged(manifest, copy.deepcopy(part))
            manifest.clear()
            manifest.update(patched)

        owner = Owner(manager, "Update", request.subresource)
        self._edit(request.kind, request.name, change, owner)

    def _delete(self, request: Request, live: Manifest) -> None:
        uid = request.body.get("preconditions", {}).get("uid")
        if uid not in (None, live["metadata"]["uid"]):
            raise ApiError(409, "Conflict", "the UID in the precondition does not match the UID in record")
        self.remove(request.kind, request.name)

    # What is stored.

    def _edit(self, kind: str, name: str, change: Callable[[Manifest], None], owner: Owner | None) -> None:
        stored = self._objects.get((kind, name))
        if stored is None:
            return
        after, owners = copy.deepcopy(stored.manifest), copy.deepcopy(stored.owners)
        change(after)
        if owner is not None:
            update(stored.manifest, after, owners, owner)
        self._store(after, owners)
        metadata = after["metadata"]
        if "deletionTimestamp" in metadata and not metadata.get("finalizers"):
            self.remove(kind, name)

    def _create(self, manifest: Manifest, owners: Owners) -> Manifest:
        self._uids += 1
        metadata = manifest["metadata"]
        metadata.setdefault("uid", f"uid-{self._uids}")
        metadata.setdefault("creationTimestamp", self.now)
        if manifest["kind"] != "Node":
            metadata.setdefault("namespace", NAMESPACE)
        if manifest["kind"] == "ModelService":
            manifest["spec"].setdefault("replicas", 1)
            manifest.setdefault("status", copy.deepcopy(PENDING))
        self._store(manifest, owners)
        return self.live(manifest["kind"], metadata["name"]) or {}

    def _store(self, manifest: Manifest, owners: Owners) -> None:
        """Validate, default and store; what changes nothing gets no new resourceVersion."""
        identity = (manifest["kind"], manifest["metadata"]["name"])
        known = self._objects.get(identity)
        before = known.manifest if known is not None else None
        validate(before, manifest)
        default(manifest)
        if known is not None and known.manifest == manifest and known.owners == owners:
            return
        if manifest["kind"] in _COUNTS_GENERATIONS:
            old = before["metadata"]["generation"] if before is not None else 0
            same = before is not None and _counted(before) == _counted(manifest)
            manifest["metadata"]["generation"] = old if same else old + 1
        self._announce(before, manifest, owners)
        self._objects[identity] = _Stored(manifest, owners)

    def _announce(self, before: Manifest | None, after: Manifest, owners: Owners, *, gone: bool = False) -> None:
        """A new resourceVersion, and what it means to whoever watches under the operator's selector."""
        self._version += 1
        after["metadata"]["resourceVersion"] = str(self._version)
        resource = BY_KIND[after["kind"]]
        was = before is not None and _selected(before, resource.selector)
        is_ = not gone and _selected(after, resource.selector)
        if was or is_:
            kind = "MODIFIED" if was and is_ else "ADDED" if is_ else "DELETED"
            told = copy.deepcopy(after)
            told["metadata"]["managedFields"] = managed_fields(owners)
            self.events.append(Event(resource, kind, told))


class FakeClient(Client):
    """The real client, with the API server in memory in place of the network."""

    def __init__(self, api: FakeApi) -> None:
        self.api = api
        self.observer = _Silent()

    @override
    async def send(self, method: str, path: str, **content: Unpack[Content]) -> tuple[int, Manifest]:
        query, body = content.get("query") or {}, content.get("body") or {}
        resource, name, subresource = _parse(path)
        verb = {"GET": "get" if name else "list", "POST": "create", "PATCH": "patch", "DELETE": "delete"}[method]
        if content.get("content_type") == APPLY:
            verb = "force" if query["force"] == "true" else "apply"
        if method == "POST":
            name = body["metadata"]["name"]
        request = Request(verb, resource.kind, name, subresource, json.loads(wire_json(body)))
        status, answer = self.api.serve(request, query)
        if content.get("accept"):
            answer["items"] = [{"metadata": item["metadata"]} for item in answer["items"]]
        return status, answer

    @override
    async def text(self, path: str, query: Mapping[str, str] | None = None) -> str:
        resource, name, subresource = _parse(path)
        self.api.serve(Request("get", resource.kind, name, subresource, {}), query or {})
        return self.api.printed.get(name, "")


class _Silent:
    def request(self, method: str, code: int, host: str) -> None: ...
    def wrote(self, kind: str, verb: str) -> None: ...


def merged(target: object, patch: object) -> Manifest:
    """JSON merge patch, as RFC 7386 describes it."""
    assert isinstance(patch, dict)
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value) if isinstance(value, dict) else value
    return result


def _parse(path: str) -> tuple[Resource, str, str]:
    """The kind, the name and the subresource in a path; empty where it has none."""
    parts = path.split("/")
    resource = next(resource for resource in (*BY_KIND.values(), EVENT) if resource.plural in parts)
    name, subresource = [*parts[parts.index(resource.plural) + 1 :], "", ""][:2]
    return resource, name, subresource


def _selected(manifest: Manifest, selector: str) -> bool:
    key, _, value = selector.partition("=")
    return not selector or (manifest["metadata"].get("labels") or {}).get(key) == value


def _not_found(request: Request) -> ApiError:
    words = f'{BY_KIND[request.kind].full_name} "{request.name}" not found'
    return ApiError(404, "NotFound", words, name=request.name)


def _counted(manifest: Manifest) -> list[object]:
    """What a new generation stands for; of a Deployment its annotations too."""
    annotations = manifest["metadata"].get("annotations") if manifest["kind"] == "Deployment" else None
    return [manifest.get("spec"), annotations, "deletionTimestamp" in manifest["metadata"]]


def _with_content(manifest: Manifest, after: Manifest) -> Manifest:
    """The object with other content; whatever is not content stays."""
    held = content(manifest)
    bare = {key: value for key, value in manifest.items() if key not in held}
    system = {key: value for key, value in manifest["metadata"].items() if key not in held["metadata"]}
    return copy.deepcopy({**bare, **after, "metadata": {**system, **after["metadata"]}})
