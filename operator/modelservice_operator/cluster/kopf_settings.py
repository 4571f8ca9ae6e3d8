"""How kopf is set up: as a watch layer, and nothing else."""

import random
from collections.abc import Collection, Iterator
from typing import Final

from typing_extensions import override

from modelservice_operator.cluster.client import PAGE_SIZE
from modelservice_operator.cluster.kopf_alone import kopf
from modelservice_operator.cluster.resources import MODEL_SERVICE, Resource

SERVER_TIMEOUT: Final = 120
"""Seconds after which the API server ends a watch, so that each connects again: the sign of life that kopf shows."""
INACTIVITY_TIMEOUT: Final = 70
"""Seconds without data after which kopf reconnects; bookmarks come once a minute."""
CRD_NAME: Final = f"{MODEL_SERVICE.plural}.{MODEL_SERVICE.group}"


class _Forever:
    """Back-off without an end: kopf gives up on an API server, and exits, when these run out."""

    def __iter__(self) -> Iterator[float]:
        yield from (0.5, 1.0, 2.0, 4.0)
        while True:
            yield random.uniform(4, 8)  # noqa: S311 (no cryptography)


class _NoDiffBase(kopf.DiffBaseStorage):
    """kopf copies every body twice per event to find differences; we never ask for them."""

    @override
    def fetch(self, *, body: kopf.Body) -> None:
        return None

    @override
    def build(self, *, body: kopf.Body, extra_fields: object = None) -> kopf.BodyEssence:
        return kopf.BodyEssence({})

    @override
    def store(self, *, body: kopf.Body, patch: kopf.Patch, essence: kopf.BodyEssence) -> None:
        return None


class _NoProgress(kopf.ProgressStorage):
    """No handler of ours has progress to keep."""

    @override
    def fetch(self, *, key: str, body: kopf.Body) -> None:
        return None

    @override
    def store(self, *, key: str, record: object, body: kopf.Body, patch: kopf.Patch) -> None:
        return None

    @override
    def purge(self, *, key: str, body: kopf.Body, patch: kopf.Patch) -> None:
        return None

    @override
    def touch(self, *, body: kopf.Body, patch: kopf.Patch, value: str | None) -> None:
        return None

    @override
    def clear(self, *, essence: kopf.BodyEssence) -> kopf.BodyEssence:
        return essence


def operator_settings(resources: Collection[Resource], namespaces: Collection[str]) -> kopf.OperatorSettings:
    """Kopf as a watch layer: it writes nothing, keeps nothing, and never gives up on an API server."""
    settings = kopf.OperatorSettings()
    settings.peering.standalone = True
    settings.posting.enabled = False
    settings.queueing.idle_timeout = 0.005
    settings.watching.chunk_size = PAGE_SIZE
    settings.watching.server_timeout = SERVER_TIMEOUT
    settings.watching.inactivity_timeout = INACTIVITY_TIMEOUT
    settings.watching.reconnect_backoff = 0.5
    settings.networking.connect_timeout = 10
    settings.networking.request_timeout = 60
    settings.networking.error_backoffs = _Forever()
    settings.networking.enforce_retry_after = True
    settings.persistence.diffbase_storage = _NoDiffBase()
    settings.persistence.progress_storage = _NoProgress()
    settings.process.ultimate_exiting_timeout = None
    settings.scanning.disabled = bool(namespaces)
    settings.watching.field_selectors["customresourcedefinitions.v1.apiextensions.k8s.io"] = f"metadata.name={CRD_NAME}"
    for resource in resources:
        if resource.selector:
            key = f"{resource.plural}.{resource.version}"
            settings.watching.label_selectors[f"{key}.{resource.group}" if resource.group else key] = resource.selector
    return settings
