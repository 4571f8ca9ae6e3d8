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
        while True:
            pause = AGAIN
            try:
                await self._watch(namespace)
            except ApiUnreachable:
                pause = WHEN_BUSY
            except ApiError as error:
                pause = error.retry_after or WHEN_BUSY
                if error.status == 403:
                    logger.warning("Some problems will be told later: events may not be watched: %s", error)
                    pause = WHEN_FORBIDDEN
            except Exception:
                logger.exception("The watch of events ended in a way that nobody foresaw, and begins again.")
                pause = WHEN_BUSY
            await asyncio.sleep(pause)

    async def _watch(self, namespace: str | None) -> None:
        async for change in self._client.watch(EVENT, namespace, fields=_SELECTED):
            if change.get("type") in _TOLD:
                event = section(change, "object")
                namespace_of = text(section(event, "metadata"), "namespace")
                self._on_warning(namespace_of, text(section(event, "involvedObject"), "uid"), pod_event(event))
