"""Which field a remedy speaks of where the patch of the pod template decides, too."""

from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.origin import origin_of


def attributed(remedy: str, patch: Manifest) -> str:
    """The remedy, naming for what `spec.podTemplate.spec` sets, which is the `patch`, the field there.

    A single value or a list of the patch's takes the place of what the other field says; a map is merged with it, and
    both are named.
    """
    for key, value in patch.items():
        field, here = origin_of("Deployment", f"spec.template.spec.{key}"), f"spec.podTemplate.spec.{key}"
        if field is not None and field.endswith(f".{key}"):
            remedy = remedy.replace(field, f"{field} or {here}" if isinstance(value, dict) else here)
    return remedy
