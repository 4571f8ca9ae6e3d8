"""The Warning Events about pods, as they are written: what a kubelet cannot do stands there before it stands anywhere.

No more is kept than `Gatherer` has a question for, and nothing is listed: what was written before, or while a stream
breaks off, is found by the questions that the gatherer asks anyway.
"""

import asyncio
import logging
from collections.abc import Callable, Collection
from typing import Final

from modelservice_operator.cluster.client import Client
from modelservice_operator.cluster.errors import ApiError, ApiUnreachable
from modelservice_operator.cluster.evidence import WHEN_BUSY, WHEN_FORBIDDEN
from modelservice_operator.cluster.resources import EVENT
from modelservice_operator.manifest import Manifest
from modelservice_operator.records.fields import section, text
from modelservice_operator.records.pod_event import PodEvent, pod_event

logger = logging.getLogger(__name__)

_SELECTED: Final = "involvedObject.kind=Pod,type=Warning"
AGAIN: Final = 1.0
"""Seconds between the end of a watch and the next, at least: some proxies end each at once."""
_TOLD: Final = frozenset({"ADDED", "MODIFIED"})
"""An Event that is deleted has expired, which does not make it untrue."""


class PodWarnings:
    """Watches, and tells of each."""

    def __init__(
        self, client: Client, namespaces: Collection[str], on_warning: Callable[[str, str, PodEvent], None]
    ) -> None:
        """Prepare; `on_warning` gets namespace and uid of a pod, which may be anybody's. No namespaces means all."""
        self._client = client
        self._namespaces = namespaces
        self._on_warning = on_warning

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as group:
            for namespace in self._namespaces or (None,):
                group.create_task(self._follow(namespace))

    async def _follow(self, namespace: str | None) -> None:
        outage = _Outage()
        while True:
            pause = AGAIN
            try:
                async for change in self._client.watch(EVENT, namespace, fields=_SELECTED):
                    outage.over()
                    self._tell(change)
                outage.over()
            except ApiUnreachable as error:
                pause = WHEN_BUSY
                outage.goes_on(0, error)
            except ApiError as error:
                pause = WHEN_FORBIDDEN if error.status == 403 else error.retry_after or WHEN_BUSY
                outage.goes_on(error.status, error)
            except Exception:
                logger.exception("The watch of events ended in a way that nobody foresaw, and begins again.")
                pause = WHEN_BUSY
            await asyncio.sleep(pause)

    def _tell(self, change: Manifest) -> None:
        if change.get("type") in _TOLD:
            event = section(change, "object")
            namespace = text(section(event, "metadata"), "namespace")
            self._on_warning(namespace, text(section(event, "involvedObject"), "uid"), pod_event(event))


class _Outage:
    """The failures of one watch in a row, each way to fail told once."""

    def __init__(self) -> None:
        self._breaks = 0
        self._told: set[int] = set()

    def over(self) -> None:
        """It goes again."""
        self._breaks = 0
        self._told.clear()

    def goes_on(self, status: int, error: Exception) -> None:
        """The watch failed; `status` is 0 where no answer came."""
        self._breaks += status == 0
        if status == 0 and self._breaks == 1:
            return  # Every stream breaks off now and then, and the next attempt goes through.
        if status not in self._told:
            self._told.add(status)
            logger.warning("Some problems will be told later: events cannot be watched: %s", error)
