"""What is known of the lists of a pod template is what the API server says of them."""

import json
from typing import Final

from localcluster import LocalCluster
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.pod_schema import KEY_DEFAULTS, TEMPLATE, Field

PREFIX: Final = "#/components/schemas/"


def resolved(schema: Manifest, schemas: Manifest) -> Manifest:
    """The schema that this one, or its only part, refers to."""
    for part in [schema, *schema.get("allOf", ())]:
        if "$ref" in part:
            found: Manifest = schemas[part["$ref"].removeprefix(PREFIX)]
            return found
    return schema


def described(schema: Manifest, inner: dict[str, Field]) -> Field:
    return Field(
        merges="merge" in schema.get("x-kubernetes-patch-strategy", "").split(","),
        merge_key=schema.get("x-kubernetes-patch-merge-key", ""),
        list_keys=tuple(schema.get("x-kubernetes-list-map-keys", ())),
        is_set=schema.get("x-kubernetes-list-type") == "set",
        fields=inner,
    )


def fields_of(schema: Manifest, schemas: Manifest) -> dict[str, Field]:
    """The fields that have an attribute, or such fields in turn."""
    found = {}
    for name, own in schema.get("properties", {}).items():
        items = resolved(own, schemas)
        items = resolved(items["items"], schemas) if "items" in items else items
        field = described(own, fields_of(items, schemas))
        defaults = {key: items["properties"][key].get("default") for key in field.list_keys}
        assert {key: value for key, value in defaults.items() if value} == {
            key: KEY_DEFAULTS[key] for key in field.list_keys if key in KEY_DEFAULTS
        }
        if field != Field():
            found[name] = field
    return found


def test_the_lists_are_those_of_the_api_server(cluster: LocalCluster) -> None:
    schemas = json.loads(cluster.kubectl("get", "--raw", "/openapi/v3/api/v1"))["components"]["schemas"]
    assert fields_of(schemas["io.k8s.api.core.v1.PodTemplateSpec"], schemas) == TEMPLATE.fields
