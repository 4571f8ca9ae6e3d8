"""The spec of a ModelService, as a user writes it. Field constraints and CEL rules live here too."""

from typing import Literal

from modelservice_operator.api.base import ApiModel


class Credentials(ApiModel):
    """Where the pods find what the source of the model asks for."""

    secret_name: str
    """Name of a Secret in the same namespace; read by the pods alone, never by the operator."""


class Model(ApiModel):
    """What is served."""

    uri: str
    """Where the model comes from: hf://org/repo[@revision] or pvc://claim[/path]."""
    name: str | None = None
    """The name that clients send; metadata.name when absent."""
    size: str | None = None
    """Size of the weights, as a quantity."""
    credentials: Credentials | None = None


class EnvVar(ApiModel):
    """An environment variable, as in a pod."""

    name: str
    value: str | None = None
    value_from: dict[str, object] | None = None


class RuntimeSpec(ApiModel):
    """What serves the model."""

    name: str | None = None
    """Name of a built-in runtime: vllm or custom."""
    image: str | None = None
    args: tuple[str, ...] = ()
    env: tuple[EnvVar, ...] = ()
    command: tuple[str, ...] = ()
    port: int | None = None
    health_path: str | None = None


class Accelerator(ApiModel):
    """On what the model runs."""

    vendor: Literal["nvidia"] = "nvidia"
    count: int = 1


class Rollout(ApiModel):
    """How a change reaches the pods."""

    paused: bool = False
    restart: str | None = None
    progress_deadline_seconds: int | None = None
    revision_history_limit: int = 5


class Endpoint(ApiModel):
    """Where clients reach the model."""

    port: int = 80


class ModelServiceSpec(ApiModel):
    """What is asked for."""

    model: Model | None = None
    runtime: RuntimeSpec = RuntimeSpec()
    accelerator: Accelerator | None = None
    replicas: int = 1
    rollout: Rollout = Rollout()
    endpoint: Endpoint = Endpoint()
    service_account_name: str | None = None
    suspend: bool = False
