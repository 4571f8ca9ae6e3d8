"""What the API server says of a change. Every write is a dry run."""

import json
import re
from dataclasses import dataclass, replace
from typing import Final

from modelservice_operator import api
from modelservice_operator.api.crd import crd
from modelservice_operator.blocked import of_pod_template
from modelservice_operator.cluster.client import APPLY, MERGE_PATCH, Client
from modelservice_operator.cluster.errors import ApiError, is_terminal, judge
from modelservice_operator.cluster.resources import BY_KIND, MODEL_SERVICE
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from modelservice_operator.preview.children import put_off
from modelservice_operator.preview.merge import still_managed, three_way
from modelservice_operator.preview.notes import still_there
from modelservice_operator.preview.outlook import Outlook
from modelservice_operator.preview.service import LAST_APPLIED
from modelservice_operator.records.fields import items, section
from modelservice_operator.validate.validator import Validator

_CLIENT_SIDE: Final = "kubectl-client-side-apply"
_NO_RIGHT: Final = re.compile(r'User ".*" cannot (?:patch|create) resource')
_DRY: Final = {"dryRun": "All"}
_NOT_ASKED: Final = (
    "The API server was not asked, as you may not change ModelServices there: the file was held against the schema of "
    "this version, and what others set in the object was left out."
)


class Refused(Exception):
    """The API server would not take the ModelService; the message has its words."""


@dataclass(frozen=True, slots=True)
class Applying:
    """How the file is going to be applied, as the flags of `kubectl apply --server-side` say it."""

    manager: str | None = None
    force: bool = False

    @property
    def server_side(self) -> bool:
        """It is asked for, whatever was used before."""
        return self.manager is not None or self.force


class Server:
    """One API server, asked with the rights of whoever runs the command."""

    def __init__(self, client: Client, applying: Applying) -> None:
        self._client = client
        self._applying = applying

    async def live(self, given: Manifest) -> Manifest | None:
        """The ModelService as it is; None if there is none.

        Raises:
            ApiError, ApiUnreachable: it cannot be read.
        """
        metadata = given["metadata"]
        return await self._client.get(MODEL_SERVICE, metadata["namespace"], metadata["name"])

    async def applied(self, given: Manifest, live: Manifest | None) -> tuple[Manifest, str]:
        """The ModelService as it would be stored, and a remark where the API server could not be asked.

        One that `kubectl apply` wrote is changed as that does it, with what it noted in the object, unless server-side
        apply is asked for; every other one by server-side apply.

        Raises:
            Refused: it would not be stored.
            ApiError, ApiUnreachable: nothing can be said.
        """
        try:
            return await self._apply(given, live), ""
        except ApiError as error:
            if error.status == 403 and _NO_RIGHT.search(error.message):
                return _by_the_schema(given, live), _NOT_ASKED
            if not is_terminal(error) and error.status not in {403, 409}:
                raise
            contested = any(cause.reason == "FieldManagerConflict" for cause in error.causes)
            hint = " Leave the field out of the file, or take it with --force-conflicts." if contested else ""
            raise Refused(f"{error.message}{hint}") from error

    async def _apply(self, given: Manifest, live: Manifest | None) -> Manifest:
        before = _last_applied(live)
        if live is None or before is None:
            return await self._server_side(given)
        if self._applying.server_side:
            answer = await self._server_side(given)
            fields = _fields_of_kubectl_apply(live)
            if fields is None:
                return answer
            # kubectl makes these fields its own and applies again, which takes away those that are no longer given. No
            # dry run can repeat that: it comes to what `kubectl apply` does with them.
            before = still_managed(before, fields)
        return await self._client_side(given, before, live)

    async def _server_side(self, given: Manifest) -> Manifest:
        query = _DRY | {"fieldManager": self._applying.manager or "kubectl", "fieldValidation": "Strict"}
        query["force"] = "true" if self._applying.force else "false"
        return await self._client.request("PATCH", _path(given), query=query, body=given, content_type=APPLY)

    async def _client_side(self, given: Manifest, before: Manifest, live: Manifest) -> Manifest:
        metadata = given["metadata"]
        # kubectl always gives annotations, as it adds one of its own: those of others stay.
        noted = {**given, "metadata": {**metadata, "annotations": section(metadata, "annotations")}}
        patch = three_way(before, noted, live)
        query = _DRY | {"fieldManager": _CLIENT_SIDE, "fieldValidation": "Strict"}
        return await self._client.request("PATCH", _path(given), query=query, body=patch, content_type=MERGE_PATCH)

    async def judged(self, found: Outlook) -> Outlook:
        """The outlook with what the API server has against the children that would be written."""
        refusals: list[str] = []
        unjudged: list[str] = []
        notes: list[str] = []
        for child in found.children:
            if not child.changes or child.intent is None:
                continue
            try:
                await self._try(child.intent)
            except ApiError as error:
                refusal = judge(child.kind, error)
                if refusal is None:
                    notes.append(f"The API server could not judge the {child.kind}, and may the next time: {error}")
                elif refusal.reason is Reason.FORBIDDEN:
                    # It is the person who asks that lacks the right, not the operator.
                    unjudged.append(child.kind)
                else:
                    patched = "podTemplate" in found.after["spec"]
                    told = of_pod_template(refusal, child.intent) if patched else refusal
                    refusals.append(f"{told.message.rstrip('.')}. {told.remedy}")
        if unjudged:
            notes.append(f"The API server did not judge {', '.join(unjudged)}: you lack a right to write them.")
        children = found.children
        if refusals and children != (held := tuple(put_off(children))):
            children = held
            notes += still_there(held)
        return replace(found, children=children, problems=(*found.problems, *refusals), notes=(*found.notes, *notes))

    async def _try(self, intent: Manifest) -> None:
        query = _DRY | {"fieldManager": names.FIELD_MANAGER, "force": "true"}
        await self._client.request("PATCH", _path(intent), query=query, body=intent, content_type=APPLY)


def _path(manifest: Manifest) -> str:
    metadata = manifest["metadata"]
    return BY_KIND[manifest["kind"]].path(metadata["namespace"], metadata["name"])


def _fields_of_kubectl_apply(live: Manifest) -> Manifest | None:
    """Those that still have the value which it gave them, as `managedFields` has them; None where there are none."""
    managed = items(section(live, "metadata"), "managedFields")
    return next((section(entry, "fieldsV1") for entry in managed if entry.get("manager") == _CLIENT_SIDE), None)


def _last_applied(live: Manifest | None) -> Manifest | None:
    """What kubectl apply was given the last time, if the object says so."""
    text = section(section(live or {}, "metadata"), "annotations").get(LAST_APPLIED)
    try:
        given = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return given if isinstance(given, dict) else None


def _by_the_schema(given: Manifest, live: Manifest | None) -> Manifest:
    """The ModelService as the file has it, with the defaults of the schema."""
    validator = Validator(crd(), api.VERSION)
    mistakes = validator.mistakes(given)
    if mistakes:
        raise Refused("; ".join(map(str, mistakes)))
    return validator.completed(given) | {
        "metadata": {**section(live or {}, "metadata"), **given["metadata"]},
        "status": section(live or {}, "status"),
    }
