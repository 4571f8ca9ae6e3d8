"""The rules of the spec that types cannot express. The API server enforces them; `read` says which it repeats.

Each stands at the smallest object that holds its fields: an object stored before a rule existed can then still be
changed elsewhere.
"""

from typing import Final

from modelservice_operator.api.base import Rule, matches
from modelservice_operator.api.names import DNS_LABEL, DNS_SUBDOMAIN
from modelservice_operator.api.types.quantity import IS_QUANTITY
from modelservice_operator.api.uri import SHAPES, Shape

CUSTOM: Final = "custom"
RUNTIMES: Final = ("vllm", "sglang", "llamacpp", "tei", "triton", "ollama", "tgi", CUSTOM)
MOUNTED: Final = ("pvc", "oci")
"""Schemes of models that are mounted, whatever the server."""
WITHOUT_CREDENTIALS: Final = (*MOUNTED, "ollama", "http", "https")
"""Schemes by which nothing is fetched with credentials."""
MAX_NAME: Final = 52
"""Of metadata.name: the Deployment's successors append to it, and end at 63."""
MIN_SIZE: Final = "1Mi"
MAX_SIZE: Final = "100Ti"

# metadata

NAME_LENGTH: Final = Rule(
    f"size(self) <= {MAX_NAME}",
    f"must have at most {MAX_NAME} characters, because the names of its pods and revisions append to it",
)
NAME_SHAPE: Final = Rule(
    matches(DNS_LABEL),
    "must be lower-case letters, digits and '-', with a letter first and no '-' last, because its Service has the same "
    "name, for example qwen3-8b",
)

# spec

_RUNTIME_IS_CUSTOM = f"self.?runtime.?name.orValue('') == '{CUSTOM}'"

MODEL_REQUIRED: Final = Rule(
    f"has(self.model) || {_RUNTIME_IS_CUSTOM}",
    'must be set, for example model: {uri: "hf://Qwen/Qwen3-8B"}; only with runtime.name: custom it may be left out',
    field=".model",
    reason="FieldValueRequired",
)
CUSTOM_FETCHES_NOTHING: Final = Rule(
    f"!({_RUNTIME_IS_CUSTOM} && has(self.model) && !self.model.uri.matches('^({'|'.join(MOUNTED)})://'))",
    "must begin with pvc:// or oci:// with runtime.name: custom, because nothing else would be fetched for it: mount a "
    "volume with pvc://claim/path or an image with oci://registry/repository:tag; or tell your server in runtime.args "
    'or runtime.command, for example args: ["--model=Qwen/Qwen3-8B"], and leave spec.model out',
    field=".model.uri",
    reason="FieldValueForbidden",
)
SERVICE_ACCOUNT_NAME: Final = Rule(
    f"self == '' || {matches(DNS_SUBDOMAIN)}",
    "must be the name of a ServiceAccount of the same namespace: lower-case letters, digits, '-' and '.', for example "
    "model-reader",
)

# spec.model


def _uri_rule(shape: Shape) -> Rule:
    whole = matches(shape.whole)
    return Rule(f"!self.matches('^{shape.prefix}') || {whole}" if shape.prefix else whole, shape.message)


URI: Final = tuple(_uri_rule(shape) for shape in SHAPES)
CREDENTIALS_ONLY_WHERE_USED: Final = Rule(
    f"!has(self.credentials) || !self.uri.matches('^({'|'.join(WITHOUT_CREDENTIALS)})://')",
    "may only be set with hf://, s3://, gs:// and az://: leave credentials out",
    field=".credentials",
    reason="FieldValueForbidden",
)
MODEL_NAME: Final = Rule(
    matches("[A-Za-z0-9][A-Za-z0-9._:/-]*"),
    "must be letters, digits and any of . _ : / -, with a letter or digit first, for example qwen3-8b or Qwen/Qwen3-8B",
)
SIZE_IS_QUANTITY: Final = Rule(
    IS_QUANTITY,
    "must be a number of bytes with a unit, for example 16Gi or 500M",
)
SIZE_RANGE: Final = Rule(
    f"!{IS_QUANTITY} || "
    f"(quantity(string(self)).compareTo(quantity('{MIN_SIZE}')) >= 0 && "
    f"quantity(string(self)).compareTo(quantity('{MAX_SIZE}')) <= 0)",
    f"must be from {MIN_SIZE} to {MAX_SIZE}; a number without a unit means bytes: write 16Gi, not 16",
)
SECRET_NAME: Final = Rule(
    matches(DNS_SUBDOMAIN),
    "must be the name of a Secret of the same namespace: lower-case letters, digits, '-' and '.', for example hf-token",
)

# spec.runtime

_IS_CUSTOM = f"self.?name.orValue('') == '{CUSTOM}'"

RUNTIME_NAME: Final = Rule(
    f"self in [{', '.join(repr(name) for name in RUNTIMES)}]",
    f"must be one of {', '.join(RUNTIMES)}; custom is any other server: name: custom with an image",
)
CUSTOM_NEEDS_IMAGE: Final = Rule(
    f"!({_IS_CUSTOM}) || self.?image.orValue('') != ''",
    "must be set with name: custom, which has no image of its own, for example image: ghcr.io/org/server:v1",
    field=".image",
    reason="FieldValueRequired",
)
IMAGE: Final = Rule(
    "!self.matches('[[:space:]]')",
    "must be an image reference without blanks, for example vllm/vllm-openai:v0.33.0",
)
COMMAND_ONLY_FOR_CUSTOM: Final = Rule(
    f"size(self.?command.orValue([])) == 0 || {_IS_CUSTOM}",
    "may only be set with name: custom: the built-in runtimes have their own, to which args appends",
    field=".command",
    reason="FieldValueForbidden",
)
PORT_ONLY_FOR_CUSTOM: Final = Rule(
    f"!has(self.port) || {_IS_CUSTOM}",
    "may only be set with name: custom: the built-in runtimes have their own, and clients use spec.endpoint.port",
    field=".port",
    reason="FieldValueForbidden",
)
HEALTH_PATH_ONLY_FOR_CUSTOM: Final = Rule(
    f"!has(self.healthPath) || {_IS_CUSTOM}",
    "may only be set with name: custom: the built-in runtimes have their own",
    field=".healthPath",
    reason="FieldValueForbidden",
)
HEALTH_PATH: Final = Rule(
    matches("/[^[:space:]]*"),
    "must be a path that begins with '/' and holds no blanks, for example /health",
)

# spec.runtime.env

ENV_NAME: Final = Rule("self != ''", "must name the variable, for example HF_HUB_OFFLINE")
ENV_VALUE_OR_SOURCE: Final = Rule(
    "!has(self.valueFrom) || self.?value.orValue('') == ''",
    "may not be set beside value: keep one of the two",
    field=".valueFrom",
    reason="FieldValueForbidden",
)
ENV_DIVISOR: Final = Rule(IS_QUANTITY, "must be a quantity, for example 1Mi or 1m")
ENV_ONE_SOURCE: Final = Rule(
    "[has(self.secretKeyRef), has(self.configMapKeyRef), has(self.fieldRef), has(self.resourceFieldRef)]"
    ".filter(given, given).size() == 1",
    "must hold exactly one of secretKeyRef, configMapKeyRef, fieldRef and resourceFieldRef, for example "
    "secretKeyRef: {name: hf-token, key: HF_TOKEN}",
)
