"""EnvVar and its parts, as `core/v1` has them."""

from typing import Annotated, TypeAlias

from pydantic import ConfigDict

from modelservice_operator.api.base import Flag, Keywords, KubernetesType, validations
from modelservice_operator.api.rules import ENV_DIVISOR, ENV_NAME, ENV_ONE_SOURCE, ENV_VALUE_OR_SOURCE
from modelservice_operator.api.types.quantity import QuantityText

_Name: TypeAlias = Annotated[str, Keywords(maxLength=253)]
_ATOMIC = ConfigDict(json_schema_extra={"x-kubernetes-map-type": "atomic"})


class KeySelector(KubernetesType):
    """A key of a Secret or a ConfigMap of the same namespace."""

    model_config = _ATOMIC

    name: _Name
    key: _Name
    optional: Flag | None = None


class FieldSelector(KubernetesType):
    """A field of the pod, such as `status.podIP`."""

    model_config = _ATOMIC

    field_path: Annotated[str, Keywords(maxLength=512)]
    api_version: Annotated[str, Keywords(maxLength=63)] | None = None


class ResourceFieldSelector(KubernetesType):
    """A request or limit of a container, such as `limits.memory`, divided by the divisor."""

    model_config = _ATOMIC

    resource: _Name
    container_name: Annotated[str, Keywords(maxLength=63)] | None = None
    divisor: Annotated[QuantityText, ENV_DIVISOR] | None = None


class EnvVarSource(KubernetesType):
    """Where the value of a variable comes from: exactly one is set."""

    model_config = ConfigDict(json_schema_extra=validations(ENV_ONE_SOURCE))

    secret_key_ref: KeySelector | None = None
    config_map_key_ref: KeySelector | None = None
    field_ref: FieldSelector | None = None
    resource_field_ref: ResourceFieldSelector | None = None


class EnvVar(KubernetesType):
    """An environment variable of a container. Its name is judged by the API server, where the pods are created."""

    model_config = ConfigDict(json_schema_extra=validations(ENV_VALUE_OR_SOURCE))

    name: Annotated[str, Keywords(maxLength=253), ENV_NAME]
    value: Annotated[str, Keywords(maxLength=32768)] | None = None
    value_from: EnvVarSource | None = None
