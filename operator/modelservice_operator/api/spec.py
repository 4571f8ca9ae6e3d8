"""The spec of a ModelService, as a user writes it: each field with its description, its bounds and its rules.

Types and bounds of numbers are also checked here, whenever an object is read. Lengths and rules are the API server's,
except those that `read` repeats.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import ConfigDict, Field

from modelservice_operator.api import rules
from modelservice_operator.api.accelerator import Accelerator
from modelservice_operator.api.base import ApiModel, Flag, Int32, Keywords, Port, list_map, validations
from modelservice_operator.api.disruption import Disruption
from modelservice_operator.api.endpoint import Endpoint
from modelservice_operator.api.placement import Placement
from modelservice_operator.api.pod_template import PodTemplate
from modelservice_operator.api.resources import Resources
from modelservice_operator.api.scaling import Scaling
from modelservice_operator.api.types.env import EnvVar
from modelservice_operator.api.types.quantity import QuantityText

_Argument: TypeAlias = Annotated[str, Keywords(maxLength=16384)]
_Arguments: TypeAlias = Annotated[tuple[_Argument, ...], Keywords(maxItems=256)]


class Credentials(ApiModel):
    """Where the pods find what the source of the model asks for."""

    secret_name: Annotated[str, Keywords(maxLength=253), rules.SECRET_NAME]
    """Name of a Secret in the same namespace. Its keys are named as the variables that the engine reads: HF_TOKEN for
    hf://; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for s3://; GOOGLE_APPLICATION_CREDENTIALS, with the JSON of a
    service account, for gs://; AZURE_STORAGE_ACCOUNT_NAME and what opens it for az://. Only the pods read it, never the
    operator. Example: hf-token."""


class Model(ApiModel):
    """What is served."""

    model_config = ConfigDict(json_schema_extra=validations(rules.CREDENTIALS_ONLY_WHERE_USED))

    uri: Annotated[str, Keywords(maxLength=1024), *rules.URI]
    """Where the model comes from. hf://org/repo is a repository of the Hugging Face Hub, which each pod downloads when
    it starts; hf://org/repo@revision fixes a branch, tag or commit, hf://org/repo/file.gguf and hf://org/repo:Q4_K_M
    choose among its files. pvc://claim/path is a directory of a PersistentVolumeClaim in the same namespace, or a file
    for llamacpp; oci://registry/repository:tag is an image that holds the model: the pods mount either read-only at
    /model. ollama://model:tag is a model of Ollama's library, s3://, gs:// and az:// are directories in object storage,
    https:// a GGUF file. Examples: hf://Qwen/Qwen3-8B, hf://Qwen/Qwen3-8B@main, pvc://models/qwen3-8b."""
    format: Literal["safetensors", "gguf", "onnx"] | None = None
    """Format of the weights. It chooses the runtime when runtime.name is not set: vllm for safetensors, llamacpp for
    gguf, triton for onnx. Default: gguf where the URI says so (a file .gguf, a quantization, GGUF in the name of the
    repository), else safetensors."""
    name: Annotated[str, Keywords(maxLength=128), rules.MODEL_NAME] | None = None
    """The name of the model that clients send in their requests. Default: metadata.name. A custom server gets it as
    the environment variable MODEL_NAME; triton and tgi have names of their own. Example: Qwen/Qwen3-8B."""
    size: Annotated[QuantityText, rules.SIZE_IS_QUANTITY, rules.SIZE_RANGE] | None = None
    """Size of the weights in bytes, as a quantity. A pod may take 600 seconds to start, and 15 more for each GiB; 3600
    when the size is not given. Without an accelerator, 1.5 times the size is requested as memory. Example: 16Gi."""
    credentials: Credentials | None = None
    """What opens a gated or private repository or bucket. Only for hf://, s3://, gs:// and az://."""


class RuntimeSpec(ApiModel):
    """What serves the model."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            rules.CUSTOM_NEEDS_IMAGE,
            rules.COMMAND_ONLY_FOR_CUSTOM,
            rules.PORT_ONLY_FOR_CUSTOM,
            rules.HEALTH_PATH_ONLY_FOR_CUSTOM,
        )
    )

    name: Annotated[str, Keywords(maxLength=63), rules.RUNTIME_NAME] | None = None
    """Name of the runtime: vllm, sglang, llamacpp (llama.cpp), tei (Text Embeddings Inference), triton, ollama, tgi, or
    custom for a server of your own in image. Default: ollama for ollama://, else the runtime for model.format."""
    image: Annotated[str, Keywords(maxLength=1024), rules.IMAGE] | None = None
    """Container image of the server. Default: the runtime's own; custom has none and needs this field. Example:
    vllm/vllm-openai:v0.33.0."""
    args: _Arguments = ()
    """Arguments for the server, one text each, after those of the runtime. A flag given here replaces the runtime's
    own. Example: ["--max-model-len=32768", "--enable-prefix-caching"]."""
    env: Annotated[tuple[EnvVar, ...], Keywords(maxItems=256), list_map("name")] = ()
    """Environment variables of the server, as in a pod: name with value, or with valueFrom one of secretKeyRef,
    configMapKeyRef, fieldRef and resourceFieldRef. A variable given here replaces the runtime's own of that name.
    Example: [{name: VLLM_LOGGING_LEVEL, value: DEBUG}]."""
    command: _Arguments = ()
    """Entrypoint of the container, one text each. Only for custom. Default: that of the image. Example: ["python3",
    "-m", "my_server"]."""
    port: Port | None = None
    """TCP port at which the server listens, which it also gets as the environment variable PORT. Only for custom.
    Default: 8080."""
    health_path: Annotated[str, Keywords(maxLength=1024), rules.HEALTH_PATH] | None = None
    """HTTP path that the server answers with 200 once it can serve. Only for custom. Default: none, and a pod counts
    as ready as soon as the port opens. Example: /health."""


class Rollout(ApiModel):
    """How a change reaches the pods."""

    strategy: Literal["Surge", "Replace"] = "Surge"
    """Surge starts each new pod beside the old ones, and stops an old one once the new one serves: devices for one
    more pod must be free. Replace stops an old pod first, so that its devices are free for the new one: meanwhile one
    replica less serves, and none where there is but one. Default: Surge."""
    paused: Flag = False
    """Hold the rollout: changes are recorded, and no pod is replaced until this is false again. Default: false."""
    restart: Annotated[str, Keywords(maxLength=253)] | None = None
    """Any text. Changing it replaces every pod, as "kubectl rollout restart" does. Example: 2026-11-22 new token."""
    progress_deadline_seconds: Annotated[Int32, Field(ge=10, le=604800)] | None = None
    """Seconds without progress after which a rollout counts as failed, 10 to 604800; nothing is undone then. Default:
    the time that a pod may take to start (see model.size) and 600 more. Example: 1800."""
    revision_history_limit: Annotated[Int32, Field(ge=0, le=100)] = 5
    """How many old revisions (ControllerRevisions) are kept beside the one that serves, 0 to 100."""


class ModelServiceSpec(ApiModel):
    """What is asked for."""

    model_config = ConfigDict(
        json_schema_extra=validations(rules.MODEL_REQUIRED, rules.CUSTOM_FETCHES_NOTHING),
    )

    model: Model | None = None
    """The model that is served. Required, except with runtime.name: custom."""
    runtime: RuntimeSpec = RuntimeSpec()
    """The server that serves the model. Default: the built-in runtime for its format."""
    accelerator: Accelerator | None = None
    """The devices on which the model runs. Without this section it runs on CPUs."""
    resources: Resources = Resources()
    """CPU, memory and disk of the server container."""
    replicas: Annotated[Int32, Field(ge=0)] = 1
    """How many pods serve the model; 0 stops them all. "kubectl scale" changes this field. With scaling it is only the
    number to start with."""
    scaling: Scaling | None = None
    """Let a HorizontalPodAutoscaler choose the number of pods. Default: replicas is the number."""
    rollout: Rollout = Rollout()
    """How a change of the pods is rolled out: one pod after the other."""
    endpoint: Endpoint = Endpoint()
    """The Service, named as the ModelService, at which clients inside the cluster reach the model; and an entrance for
    those outside."""
    disruption: Disruption | None = None
    """How many pods evictions may take away at once, by a PodDisruptionBudget. Default: 1, where there can be more than
    one pod."""
    placement: Placement = Placement()
    """Where the pods may run."""
    service_account_name: Annotated[str, Keywords(maxLength=253), rules.SERVICE_ACCOUNT_NAME] | None = None
    """ServiceAccount of the pods. Its token is not mounted into them. Default: that of the namespace called default.
    Example: model-reader."""
    pod_template: PodTemplate | None = None
    """A patch on the finished pod template, for whatever has no field of its own. What the API server makes of it is
    the patch's matter: a mistake in it stalls the ModelService."""
    suspend: Flag = False
    """Run no pods and keep everything else: the Service, its address, the history. Default: false."""
