"""Which documents are ModelServices, and what is said of those that are none."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from modelservice_operator import api
from modelservice_operator.manifest import Manifest
from modelservice_operator.validate.mistakes import Mistake
from modelservice_operator.validate.objects import LISTS
from modelservice_operator.validate.unknown import did_you_mean

NO_OBJECT: Final = "there is no Kubernetes object"
"""Said of a document."""
NOTHING: Final = f"{NO_OBJECT} in it"
"""Said of files without a document: the output of a command that failed, as a rule."""
NONE_OF_OURS: Final = f"There is no {api.KIND} in it."
"""Said of files in which every object is another's."""

_NEARLY: Final = 0.8
"""How like ours an apiVersion is that was meant to be it: other projects have a ModelService too."""


def is_model_service(manifest: Manifest) -> bool:
    """The object is a ModelService of ours."""
    return (manifest.get("apiVersion"), manifest.get("kind")) == (api.API_VERSION, api.KIND)


def wrong_kind(manifest: Manifest) -> Mistake | None:
    """What keeps an object from being recognised: no kind, or an apiVersion or kind that is nearly ours."""
    version, kind = manifest.get("apiVersion"), manifest.get("kind")
    if not isinstance(kind, str) or not kind:
        return Mistake("kind", "must be set")
    if kind in LISTS:
        return Mistake("items", "must be a list")
    ours = isinstance(version, str) and version.partition("/")[0] == api.GROUP
    if kind != api.KIND:
        return Mistake("kind", f"there is no {kind} in {api.GROUP}{did_you_mean(kind, (api.KIND,))}") if ours else None
    if not isinstance(version, str) or not version:
        return Mistake("apiVersion", f"must be {api.API_VERSION}")
    if version != api.API_VERSION and (ours or did_you_mean(version, (api.API_VERSION,), _NEARLY)):
        return Mistake("apiVersion", f"must be {api.API_VERSION}, not {version}")
    return None


def others(manifests: Iterable[Manifest]) -> str:
    """Objects of other kinds, counted: `what is no ModelService: 1 Pod, 2 Secret`. A namesake's apiVersion is told."""
    counted = Counter(
        f"{found['kind']} of {found['apiVersion']}" if found["kind"] == api.KIND else str(found["kind"])
        for found in manifests
    )
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(counted.items()))
    return f"what is no {api.KIND}: {kinds}"
