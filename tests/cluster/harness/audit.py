"""Which requests the API server got, from its audit log."""

import json
import time
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cluster.harness.operator import USER
from cluster.harness.wait import eventually
from localcluster import LocalCluster

WRITE_VERBS = frozenset({"create", "update", "patch", "delete", "deletecollection"})
LONG_RUNNING = frozenset({"watch", "connect", "proxy"})
QUIET = 3.0
"""Seconds without a write after which no status is held back any more. There is no condition to wait for: no metric
tells that a test's last change is still on its way to the operator."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request that the API server answered. Empty where it has no such part; `code` is the HTTP status."""

    user: str
    verb: str
    group: str
    resource: str
    subresource: str
    namespace: str
    name: str
    code: int
    user_agent: str
    uri: str
    received: datetime
    answered: datetime
    problems: tuple[str, ...]
    """The reasons of the problems that a write of a status brings."""

    @property
    def written(self) -> bool:
        """It changes things, or would have, had they not been so already; and it was accepted."""
        return self.verb in WRITE_VERBS and 200 <= self.code < 300


class Audit:
    """Reads the audit log of one cluster, whose API server must be up: each reading first sends a request of its own
    and waits to see it in the log, so that everything answered before is there too.
    """

    def __init__(self, cluster: LocalCluster) -> None:
        self._cluster = cluster

    def mark(self) -> int:
        """A point in the log, for `since`."""
        self._catch_up()
        return self._cluster.audit_log.stat().st_size

    def requests(
        self,
        *,
        user: str | None = None,
        since: int = 0,
        namespace: str | None = None,
        excluding: Collection[str] = (),
    ) -> list[Request]:
        """Requests in the order of their answers; a watch is one when it starts.

        Of one user (`system:serviceaccount:<namespace>:<name>` for a ServiceAccount), in one namespace, after a mark,
        without the resources `excluding` (such as `leases`).
        """
        self._catch_up()
        with self._cluster.audit_log.open("rb") as log:
            log.seek(since)
            events = [json.loads(line) for line in log if line.endswith(b"\n")]
        found = [request_of(event) for event in events if is_answer(event)]
        return [
            request
            for request in found
            if (user is None or request.user == user)
            and (namespace is None or request.namespace == namespace)
            and request.resource not in excluding
        ]

    def writes(
        self,
        *,
        user: str | None = None,
        since: int = 0,
        namespace: str | None = None,
        excluding: Collection[str] = (),
    ) -> list[Request]:
        """The accepted writes among the requests."""
        found = self.requests(user=user, since=since, namespace=namespace, excluding=excluding)
        return [request for request in found if request.written]

    def _catch_up(self) -> None:
        start = self._cluster.audit_log.stat().st_size
        sign = uuid.uuid4().hex
        self._cluster.kubectl("get", "--raw", f"/version?{sign}")

        def seen() -> bool:
            with self._cluster.audit_log.open("rb") as log:
                log.seek(start)
                return sign.encode() in log.read()

        eventually(seen, why="the request of the audit reader shows in the audit log")


def settled(audit: Audit) -> int:
    """A mark after which the operator has nothing left to write about what was done before."""

    def calm() -> int:
        mark = audit.mark()
        time.sleep(QUIET)
        return mark if not audit.writes(user=USER, since=mark, excluding=("leases", "events")) else 0

    return eventually(calm, why="the operator comes to rest")


def is_answer(event: Mapping[str, Any]) -> bool:
    """Each request once: a long-running one when it has started, any other when it is complete."""
    return bool(event["stage"] == ("ResponseStarted" if event["verb"] in LONG_RUNNING else "ResponseComplete"))


def _status(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of a write of a status what it writes, of anything else nothing: the policy logs no other bodies."""
    return (event.get("requestObject") or {}).get("status") or {}


def request_of(event: Mapping[str, Any]) -> Request:
    """The request that an event of the log is about."""
    target: Mapping[str, str] = event.get("objectRef") or {}
    return Request(
        user=event["user"].get("username", ""),
        verb=event["verb"],
        group=target.get("apiGroup", ""),
        resource=target.get("resource", ""),
        subresource=target.get("subresource", ""),
        namespace=target.get("namespace", ""),
        name=target.get("name", ""),
        code=event.get("responseStatus", {}).get("code", 0),
        user_agent=event.get("userAgent", ""),
        uri=event["requestURI"],
        received=datetime.fromisoformat(event["requestReceivedTimestamp"]),
        answered=datetime.fromisoformat(event["stageTimestamp"]),
        problems=tuple(problem["reason"] for problem in _status(event).get("problems") or ()),
    )
