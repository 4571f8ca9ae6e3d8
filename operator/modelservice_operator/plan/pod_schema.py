"""The lists of a pod template whose items the API server tells apart.

The source is k8s.io/api v0.36, core/v1/types.go, and for ObjectMeta k8s.io/apimachinery, meta/v1/types.go: the field
tags `patchStrategy` and `patchMergeKey`, the markers `listType` and `listMapKey`. The strategy `retainKeys` of volumes
and resourceClaims is left out: clients write patches by it, nobody reads them by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a pod template. Without any attribute: a map is merged, and a list is replaced, as a whole."""

    merges: bool = False
    """A list that a strategic merge patch adds to (patchStrategy merge)."""
    merge_key: str = ""
    """What such a patch finds an item by (patchMergeKey). Items of a list that merges without one are texts."""
    list_keys: tuple[str, ...] = ()
    """What server-side apply finds an item by (listMapKey)."""
    is_set: bool = False
    """No value stands twice in the list (listType set)."""
    fields: Mapping[str, "Field"] = field(default_factory=dict)
    """Of the map, or of each item of the list: those that have an attribute, or have such fields in turn."""

    def of(self, name: str) -> "Field":
        """What is known of the field `name`."""
        return self.fields.get(name, _PLAIN)


_PLAIN: Final = Field()

KEY_DEFAULTS: Final = {"protocol": "TCP"}
"""Defaults of list keys, for items that leave them out."""


def _merged_by(merge_key: str, *more_keys: str, fields: Mapping[str, Field] | None = None) -> Field:
    """A list that patches merge by one key, and server-side apply by that and more."""
    return Field(merges=True, merge_key=merge_key, list_keys=(merge_key, *more_keys), fields=fields or {})


def _map(fields: Mapping[str, Field]) -> Field:
    return Field(fields=fields)


_METADATA: Final = _map(
    {
        "finalizers": Field(merges=True, is_set=True),
        "ownerReferences": _merged_by("uid"),
    }
)

_RESOURCES: Final = _map({"claims": Field(list_keys=("name",))})

_CONTAINERS: Final = _merged_by(
    "name",
    fields={
        "env": _merged_by("name"),
        "ports": _merged_by("containerPort", "protocol"),
        "resources": _RESOURCES,
        "restartPolicyRules": Field(fields={"exitCodes": _map({"values": Field(is_set=True)})}),
        "volumeDevices": _merged_by("devicePath"),
        "volumeMounts": _merged_by("mountPath"),
    },
)

TEMPLATE: Final = _map(
    {
        "metadata": _METADATA,
        "spec": _map(
            {
                "containers": _CONTAINERS,
                "ephemeralContainers": _CONTAINERS,
                "hostAliases": _merged_by("ip"),
                "imagePullSecrets": _merged_by("name"),
                "initContainers": _CONTAINERS,
                "resourceClaims": _merged_by("name"),
                "resources": _RESOURCES,
                "schedulingGates": _merged_by("name"),
                "topologySpreadConstraints": _merged_by("topologyKey", "whenUnsatisfiable"),
                "volumes": _merged_by(
                    "name", fields={"ephemeral": _map({"volumeClaimTemplate": _map({"metadata": _METADATA})})}
                ),
            }
        ),
    }
)
"""PodTemplateSpec."""
