"""Tables that the unit tests and the tests on the real API server share."""

from dataclasses import dataclass
from typing import Any, Literal

Patch = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """A manifest, and what is said of it.

    `patch` is a JSON merge patch of `MANIFEST`. Without a path it is accepted; else it is refused once, at the path,
    with words that `text` is a part of. The reader of stored objects says the `same`, refuses it in `other` words, or
    lets it `pass`.
    """

    name: str
    patch: Patch
    path: str = ""
    text: str = ""
    reader: Literal["same", "other", "pass"] = "same"


MANIFEST = {
    "apiVersion": "modelservice.dev/v1alpha1",
    "kind": "ModelService",
    "metadata": {"name": "qwen3-8b"},
    "spec": {"model": {"uri": "hf://Qwen/Qwen3-8B"}, "accelerator": {"count": 1}},
}


def patched(value: Any, patch: Any) -> Any:
    """The JSON merge patch (RFC 7386) applied; the value stays as it is."""
    if not isinstance(patch, dict):
        return patch
    result = dict(value) if isinstance(value, dict) else {}
    for key, change in patch.items():
        if change is None:
            result.pop(key, None)
        else:
            result[key] = patched(result.get(key), change)
    return result


def named(name: str) -> Patch:
    return {"metadata": {"name": name}}


def uri(text: str) -> Patch:
    return {"spec": {"model": {"uri": text}}}


def model(**fields: Any) -> Patch:
    return {"spec": {"model": fields}}


def runtime(**fields: Any) -> Patch:
    return {"spec": {"runtime": fields}}


def custom(model: Patch | None = None, **fields: Any) -> Patch:
    """The custom runtime, without a model unless one is given."""
    return {"spec": {"model": model, "runtime": {"name": "custom", "image": "ghcr.io/org/server:v1"} | fields}}


def env(**fields: Any) -> Patch:
    return runtime(env=[{"name": "A"} | fields])


def accelerator(**fields: Any) -> Patch:
    return {"spec": {"accelerator": fields}}


def resources(**fields: Any) -> Patch:
    return {"spec": {"resources": fields}}


def placement(**fields: Any) -> Patch:
    return {"spec": {"placement": fields}}


def scaling(**fields: Any) -> Patch:
    return {"spec": {"scaling": {"maxReplicas": 4, "targets": [CPU], **fields}}}


def disruption(max_unavailable: int | str) -> Patch:
    return {"spec": {"disruption": {"maxUnavailable": max_unavailable}}}


def ingress(**fields: Any) -> Patch:
    return {"spec": {"endpoint": {"ingress": fields}}}


def pod_template(**fields: Any) -> Patch:
    return {"spec": {"podTemplate": fields}}


def rollout(**fields: Any) -> Patch:
    return {"spec": {"rollout": fields}}


CPU = {"type": "CPUUtilization", "value": "80"}
AIM = {"type": "AverageValue", "averageValue": "4"}
QUEUE = {"metric": {"name": "queue"}}
METRICS: list[tuple[str, str, dict[str, Any]]] = [
    ("Resource", "resource", {"name": "cpu"}),
    ("ContainerResource", "containerResource", {"name": "cpu", "container": "server"}),
    ("Pods", "pods", QUEUE),
    ("Object", "object", {**QUEUE, "describedObject": {"kind": "Service", "name": "x"}}),
    ("External", "external", QUEUE),
]
MIN = "spec.scaling.minReplicas"
TARGETS = "spec.scaling.targets"
INGRESS = "spec.endpoint.ingress"
BUILT_IN = ("vllm", "sglang", "llamacpp", "tei", "triton", "ollama", "tgi")
RUNTIME_NAMES = "must be one of vllm, sglang, llamacpp, tei, triton, ollama, tgi, custom; custom is any other server"
SECRET = {"secretKeyRef": {"name": "s", "key": "k"}}
MODEL = "spec.model"
URI = "spec.model.uri"
SIZE = "spec.model.size"
HEALTH_PATH = "spec.runtime.healthPath"
PARTITION = "spec.accelerator.partition"
PRODUCTS = "spec.accelerator.products"
MEMORY = "spec.accelerator.memory"
ENDPOINT = "spec.endpoint.port"

CUSTOM_URI = "must begin with pvc:// or oci:// with runtime.name: custom"
SCHEME = "must begin with hf://, pvc://, oci://, ollama://, s3://, gs://, az://, http:// or https://"
HF_SHAPE = "must name one repository of the Hugging Face Hub"
HF_REVISION = "must have a branch, tag or commit after the @"
CLAIM = "must name a PersistentVolumeClaim"
CLAIM_PATH = "must have after the claim a path of names"
POSITIVE = "must be a quantity above 0"
IMAGE = "must name an image with its registry"
LIBRARY = "must name a model of Ollama's library"
BUCKET = "must name a bucket and, after single slashes, the directory of the model"
CONTAINER = "must name a container and, after single slashes, the directory of the model"
GGUF_FILE = "must be the address of one GGUF file"
CREDENTIALS = "may only be set with hf://, s3://, gs:// and az://"
RANGE = "must be from 1Mi to 100Ti"

ROWS = [
    Row("the shortest manifest", {}),
    Row(
        "everything that vllm takes",
        {
            "spec": {
                "model": {
                    "uri": "hf://Qwen/Qwen3-8B@9c925d6",
                    "name": "Qwen/Qwen3-8B",
                    "size": "16Gi",
                    "credentials": {"secretName": "hf-token"},
                },
                "runtime": {
                    "name": "vllm",
                    "image": "vllm/vllm-openai:v0.33.0",
                    "args": ["--max-model-len=32768"],
                    "env": [{"name": "A", "value": "x"}, {"name": "B", "valueFrom": SECRET}],
                },
                "accelerator": {"vendor": "nvidia", "count": 2},
                "replicas": 2,
                "rollout": {
                    "paused": True,
                    "restart": "again",
                    "progressDeadlineSeconds": 1800,
                    "revisionHistoryLimit": 3,
                },
                "endpoint": {"port": 8080},
                "serviceAccountName": "model-reader",
                "suspend": True,
            }
        },
    ),
    # metadata.name
    Row("name of 52 characters", named("a" * 52)),
    Row("name of 53 characters", named("a" * 53), "metadata.name", "must have at most 52 characters"),
    Row("name of one letter", named("a")),
    Row("name that ends with a digit", named("qwen3-8")),
    Row("name with a digit first", named("3qwen"), "metadata.name", "must be lower-case letters, digits and '-'"),
    Row("name with a dot", named("qwen3.8b"), "metadata.name", "must be lower-case letters, digits and '-'"),
    # spec
    Row("no model", {"spec": {"model": None}}, MODEL, 'must be set, for example model: {uri: "hf://Qwen/Qwen3-8B"}'),
    Row("no model with custom", custom()),
    Row("hf:// with custom", custom({"uri": "hf://org/repo"}), URI, CUSTOM_URI),
    Row("s3:// with custom", custom({"uri": "s3://bucket"}), URI, CUSTOM_URI),
    Row("oci:// with custom", custom({"uri": "oci://ghcr.io/org/model:v1"})),
    Row("pvc:// with custom", custom({"uri": "pvc://models", "name": "mine", "size": "1Gi"})),
    Row("replicas 0", {"spec": {"replicas": 0}}),
    Row("replicas -1", {"spec": {"replicas": -1}}, "spec.replicas", "greater than or equal to 0", "other"),
    Row("replicas as text", {"spec": {"replicas": "2"}}, "spec.replicas", "must be of type integer", "other"),
    Row("service account with a dot", {"spec": {"serviceAccountName": "team.reader"}}),
    Row("service account left empty", {"spec": {"serviceAccountName": ""}}),
    Row(
        "service account with a capital",
        {"spec": {"serviceAccountName": "Reader"}},
        "spec.serviceAccountName",
        "must be the name of a ServiceAccount",
        "pass",
    ),
    Row("suspend as text", {"spec": {"suspend": "yes"}}, "spec.suspend", "must be of type boolean", "other"),
    # spec.model.uri
    Row("unknown scheme", uri("ftp://host/model"), URI, SCHEME),
    Row("no scheme", uri("Qwen/Qwen3-8B"), URI, SCHEME),
    Row("scheme in capitals", uri("HF://Qwen/Qwen3-8B"), URI, SCHEME),
    Row("empty uri", uri(""), URI, SCHEME),
    Row("no uri", {"spec": {"model": {"uri": None, "name": "x"}}}, URI, "Required value", "other"),
    Row("repository with every character", uri("hf://_Org-1.x/Repo_2.y-z")),
    Row("repository without organization", uri("hf://gpt2"), URI, HF_SHAPE),
    Row("file in a repository", uri("hf://org/repo/model-Q4_K_M.gguf")),
    Row("file in a directory of a repository, at a revision", uri("hf://org/repo/q4/a+b=c.GGUF@main")),
    Row("file of another format in a repository", uri("hf://org/repo/model.safetensors"), URI, HF_SHAPE),
    Row("file that goes up in a repository", uri("hf://org/repo/../model.gguf"), URI, HF_SHAPE),
    Row("quantization in a repository", uri("hf://org/repo:UD-Q4_K_M.x")),
    Row("empty quantization", uri("hf://org/repo:"), URI, HF_SHAPE),
    Row("quantization and file", uri("hf://org/repo:Q4/model.gguf"), URI, HF_SHAPE),
    Row("nothing after hf://", uri("hf://"), URI, HF_SHAPE),
    Row("blank in a repository", uri("hf://org/my repo"), URI, HF_SHAPE),
    Row("repository that begins with a dash", uri("hf://org/-repo"), URI, HF_SHAPE),
    Row("revision of a pull request", uri("hf://org/repo@refs/pr/3")),
    Row("revision of one character", uri("hf://org/repo@1")),
    Row("empty revision", uri("hf://org/repo@"), URI, HF_REVISION),
    Row("two revisions", uri("hf://org/repo@a@b"), URI, HF_REVISION),
    Row("revision that begins with a dash", uri("hf://org/repo@-x"), URI, HF_REVISION),
    Row("claim alone", uri("pvc://models")),
    Row("claim with a dot", uri("pvc://team.models-2")),
    Row("claim with a path", uri("pvc://models/a/.b/c..d/e_f@g+h=i")),
    Row("nothing after pvc://", uri("pvc://"), URI, CLAIM),
    Row("claim with a capital", uri("pvc://Models/x"), URI, CLAIM),
    Row("claim that ends with a dash", uri("pvc://models-"), URI, CLAIM),
    Row("path that goes up", uri("pvc://models/../x"), URI, CLAIM_PATH),
    Row("path with a dot alone", uri("pvc://models/./x"), URI, CLAIM_PATH),
    Row("path with two slashes", uri("pvc://models/a//b"), URI, CLAIM_PATH),
    Row("path with a slash at the end", uri("pvc://models/"), URI, CLAIM_PATH),
    Row("path with a blank", uri("pvc://models/my model"), URI, CLAIM_PATH),
    Row("image with a tag", uri("oci://ghcr.io/org/model:v1.2_3-x")),
    Row("image with a port and a digest", uri("oci://registry.example:5000/a/b__c@sha256:" + "0a" * 32)),
    Row("image with a tag and a digest", uri("oci://ghcr.io/org/model:v1@sha256:" + "0a" * 32)),
    Row("image without a registry", uri("oci://model:v1"), URI, IMAGE),
    Row("image in capitals", uri("oci://ghcr.io/Org/model"), URI, IMAGE),
    Row("image with an empty tag", uri("oci://ghcr.io/org/model:"), URI, IMAGE),
    Row("image with half a digest", uri("oci://ghcr.io/org/model@sha256"), URI, IMAGE),
    Row("library model", uri("ollama://qwen3")),
    Row("library model with a tag", uri("ollama://qwen3:8b-q4_K_M")),
    Row("library model of a namespace", uri("ollama://org/model:v1")),
    Row("library model of another registry", uri("ollama://hf.co/org/model-GGUF:Q4")),
    Row("nothing after ollama://", uri("ollama://"), URI, LIBRARY),
    Row("library model with an empty tag", uri("ollama://qwen3:"), URI, LIBRARY),
    Row("library model with a revision", uri("ollama://qwen3@v1"), URI, LIBRARY),
    Row("bucket alone", uri("s3://models.example-1")),
    Row("bucket with a directory", uri("gs://models/a/.b/c=d")),
    Row("container with a directory", uri("az://models/qwen3-8b")),
    Row("nothing after s3://", uri("s3://"), URI, BUCKET),
    Row("bucket in capitals", uri("s3://Models/a"), URI, BUCKET),
    Row("bucket with a slash at the end", uri("gs://models/a/"), URI, BUCKET),
    Row("directory of a bucket that goes up", uri("gs://models/../a"), URI, BUCKET),
    Row("container with two slashes", uri("az://models//a"), URI, CONTAINER),
    Row("file on a web server", uri("https://models.example.com:8443/a/b%20c/model.gguf?version=1&x=y")),
    Row("file on a web server without encryption", uri("http://models/model.GGUF")),
    Row("page on a web server", uri("https://models.example.com/model"), URI, GGUF_FILE),
    Row("web server with a user", uri("https://me:secret@models.example.com/model.gguf"), URI, GGUF_FILE),
    Row("web address that names a variable", uri("https://host/$(TOKEN)/model.gguf"), URI, GGUF_FILE),
    Row("uri of 1024 characters", uri("pvc://models/" + "a" * 1011)),
    Row("uri of 1025 characters", uri("pvc://models/" + "a" * 1012), URI, "may not be more than 1024", "pass"),
    # the rest of spec.model
    Row("model name with every character", model(name="Qwen/Qwen3:8b_a.b-c")),
    Row("model name with a blank", model(name="my model"), "spec.model.name", "must be letters, digits", "pass"),
    Row("model name that begins with a dash", model(name="-x"), "spec.model.name", "must be letters, digits", "pass"),
    Row("empty model name", model(name=""), "spec.model.name", "must be letters, digits", "pass"),
    Row("format safetensors", model(format="safetensors")),
    Row("format gguf", model(format="gguf")),
    Row("format onnx", model(format="onnx")),
    Row("unknown format", model(format="pickle"), "spec.model.format", "safetensors", "other"),
    Row("size of 1Mi", model(size="1Mi")),
    Row("size of 100Ti", model(size="100Ti")),
    Row("size in decimal units", model(size="16.5G")),
    Row("size as a number", model(size=16_000_000_000)),
    Row("size with an exponent", model(size="16e9")),
    Row("size below 1Mi", model(size="1023Ki"), SIZE, RANGE),
    Row("size above 100Ti", model(size="101Ti"), SIZE, RANGE),
    Row("size without its unit", model(size=16), SIZE, "a number without a unit means bytes: write 16Gi, not 16"),
    Row("negative size", model(size="-16Gi"), SIZE, RANGE),
    Row("size 0", model(size="0"), SIZE, RANGE),
    Row("size in GB", model(size="16GB"), SIZE, "must be a number of bytes with a unit, for example 16Gi"),
    Row("size in words", model(size="huge"), SIZE, "must be a number of bytes with a unit"),
    Row("size whose exponent takes minutes", model(size="1e999999999"), SIZE, "must be a number of bytes with a unit"),
    Row("credentials for hf://", model(credentials={"secretName": "team.hf-token"})),
    Row(
        "credentials for pvc://",
        model(uri="pvc://models", credentials={"secretName": "hf-token"}),
        "spec.model.credentials",
        CREDENTIALS,
    ),
    Row("credentials for s3://", model(uri="s3://bucket", credentials={"secretName": "s"})),
    Row("credentials for gs://", model(uri="gs://bucket", credentials={"secretName": "s"})),
    Row("credentials for az://", model(uri="az://container", credentials={"secretName": "s"})),
    Row(
        "credentials for oci://",
        model(uri="oci://ghcr.io/org/model:v1", credentials={"secretName": "s"}),
        "spec.model.credentials",
        CREDENTIALS,
    ),
    Row(
        "credentials for ollama://",
        model(uri="ollama://qwen3", credentials={"secretName": "s"}),
        "spec.model.credentials",
        CREDENTIALS,
    ),
    Row(
        "credentials for https://",
        model(uri="https://host/model.gguf", credentials={"secretName": "s"}),
        "spec.model.credentials",
        CREDENTIALS,
    ),
    Row(
        "secret name with an underscore",
        model(credentials={"secretName": "hf_token"}),
        "spec.model.credentials.secretName",
        "must be the name of a Secret",
        "pass",
    ),
    Row(
        "empty secret name",
        model(credentials={"secretName": ""}),
        "spec.model.credentials.secretName",
        "must be the name of a Secret",
        "pass",
    ),
    Row(
        "credentials without a secret",
        model(credentials={}),
        "spec.model.credentials.secretName",
        "Required value",
        "other",
    ),
    # spec.runtime
    *(Row(f"runtime {name}", runtime(name=name)) for name in BUILT_IN),
    Row("unknown runtime", runtime(name="torchserve"), "spec.runtime.name", RUNTIME_NAMES),
    Row("empty runtime", runtime(name=""), "spec.runtime.name", RUNTIME_NAMES),
    Row("image for vllm", runtime(image="registry.example:5000/vllm@sha256:" + "a" * 64)),
    Row("image with a blank", runtime(image="vllm "), "spec.runtime.image", "must be an image reference", "pass"),
    Row("custom without an image", custom(image=None), "spec.runtime.image", "must be set with name: custom"),
    Row("custom with an empty image", custom(image=""), "spec.runtime.image", "must be set with name: custom"),
    Row("custom with everything", custom(command=["serve"], args=["-x"], port=9000, healthPath="/health?deep=1")),
    Row("command for vllm", runtime(command=["x"]), "spec.runtime.command", "may only be set with name: custom"),
    Row("port for ollama", runtime(name="ollama", port=80), "spec.runtime.port", "may only be set with name: custom"),
    Row("empty command for vllm", runtime(command=[])),
    Row("port for vllm", runtime(name="vllm", port=80), "spec.runtime.port", "may only be set with name: custom"),
    Row("health path for vllm", runtime(healthPath="/"), HEALTH_PATH, "may only be set with name: custom"),
    Row("port 1", custom(port=1)),
    Row("port 65535", custom(port=65535)),
    Row("port 0", custom(port=0), "spec.runtime.port", "greater than or equal to 1", "other"),
    Row("port 65536", custom(port=65536), "spec.runtime.port", "less than or equal to 65535", "other"),
    Row("health path /", custom(healthPath="/")),
    Row("relative health path", custom(healthPath="health"), HEALTH_PATH, "must be a path that", "pass"),
    Row("health path with a blank", custom(healthPath="/a b"), HEALTH_PATH, "must be a path that", "pass"),
    Row("256 arguments", runtime(args=["x"] * 256)),
    Row("257 arguments", runtime(args=["x"] * 257), "spec.runtime.args", "must have at most 256 items", "pass"),
    # spec.runtime.env
    Row("environment name that no pod takes", env(name="A B")),
    Row("empty environment name", env(name=""), "spec.runtime.env[0].name", "must name the variable"),
    Row(
        "environment name given twice",
        runtime(env=[{"name": "A"}, {"name": "A"}]),
        "spec.runtime.env[1]",
        "Duplicate value",
        "pass",
    ),
    Row("empty value beside a source", env(value="", valueFrom=SECRET)),
    Row(
        "value beside a source",
        env(value="x", valueFrom=SECRET),
        "spec.runtime.env[0].valueFrom",
        "may not be set beside value",
        "pass",
    ),
    Row("field of the pod", env(valueFrom={"fieldRef": {"fieldPath": "status.podIP"}})),
    Row("key of a ConfigMap", env(valueFrom={"configMapKeyRef": {"name": "c", "key": "k", "optional": True}})),
    Row("memory limit", env(valueFrom={"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}})),
    Row("divisor as a number", env(valueFrom={"resourceFieldRef": {"resource": "limits.memory", "divisor": 1}})),
    Row(
        "divisor that is no quantity",
        env(valueFrom={"resourceFieldRef": {"resource": "limits.memory", "divisor": "MB"}}),
        "spec.runtime.env[0].valueFrom.resourceFieldRef.divisor",
        "must be a quantity",
    ),
    Row(
        "no source",
        env(valueFrom={}),
        "spec.runtime.env[0].valueFrom",
        "must hold exactly one of secretKeyRef, configMapKeyRef, fieldRef and resourceFieldRef",
        "pass",
    ),
    Row(
        "two sources",
        env(valueFrom={**SECRET, "fieldRef": {"fieldPath": "status.podIP"}}),
        "spec.runtime.env[0].valueFrom",
        "must hold exactly one of",
        "pass",
    ),
    # spec.accelerator
    Row("no accelerator", {"spec": {"accelerator": None}}),
    Row("accelerator of amd", accelerator(vendor="amd")),
    Row("accelerator of nobody", accelerator(vendor="ati"), "spec.accelerator.vendor", "Unsupported value", "other"),
    Row("no device", accelerator(count=0), "spec.accelerator.count", "equal to 1", "other"),
    Row("slice of nvidia", accelerator(partition="3g.40gb")),
    Row("slice with a media engine", accelerator(partition="1g.10gb+me")),
    Row(
        "slice of amd", accelerator(vendor="amd", partition="3g.40gb"), PARTITION, "may only be set with vendor: nvidia"
    ),
    Row("slice that is no profile", accelerator(partition="half"), PARTITION, "must be a MIG profile", "pass"),
    Row("product", accelerator(products=["NVIDIA-H100-80GB-HBM3"])),
    Row("product with a blank", accelerator(products=["H100 80GB"]), PRODUCTS + "[0]", "must be a product as", "pass"),
    Row("product given twice", accelerator(products=["A", "A"]), PRODUCTS + "[1]", "Duplicate value", "pass"),
    Row("product of gaudi", accelerator(vendor="gaudi", products=["x"]), PRODUCTS, "may not be set with", "pass"),
    Row("no product of gaudi", accelerator(vendor="gaudi", products=[])),
    Row("memory of 1Gi", accelerator(memory="1Gi")),
    Row("memory of 1Ti", accelerator(memory="1Ti")),
    Row("memory below 1Gi", accelerator(memory="1023Mi"), MEMORY, "from 1Gi to 1Ti", "pass"),
    Row("memory above 1Ti", accelerator(memory="1025Gi"), MEMORY, "from 1Gi to 1Ti", "pass"),
    Row("memory without a unit", accelerator(memory=40), MEMORY, "from 1Gi to 1Ti", "pass"),
    Row("memory that is no quantity", accelerator(memory="40 GB"), MEMORY, "must be a number of bytes with a unit"),
    Row("memory of intel", accelerator(vendor="intel", memory="24Gi"), MEMORY, "may only be set with vendor", "pass"),
    # spec.resources
    Row("amounts", resources(requests={"cpu": 4, "memory": "16Gi"}, limits={"cpu": "8", "ephemeral-storage": "9G"})),
    Row("request equal to its limit", resources(requests={"cpu": "1000m"}, limits={"cpu": 1})),
    *[
        Row(f"no {name} in {part}", resources(**{part: {name: 0}}), f"spec.resources.{part}.{name}", POSITIVE)
        for part in ("requests", "limits")
        for name in ("cpu", "memory", "ephemeral-storage")
    ],
    Row("amount of text", resources(limits={"memory": "much"}), "spec.resources.limits.memory", "must be a quantity"),
    Row(
        "cpu above its limit",
        resources(requests={"cpu": 2}, limits={"cpu": "1999m"}),
        "spec.resources.requests.cpu",
        "may not be above the limit of cpu",
        "pass",
    ),
    Row(
        "memory above its limit",
        resources(requests={"memory": "2Gi"}, limits={"memory": "2G"}),
        "spec.resources.requests.memory",
        "may not be above the limit of memory",
        "pass",
    ),
    Row(
        "disk above its limit",
        resources(requests={"ephemeral-storage": "2Gi"}, limits={"ephemeral-storage": "1Gi"}),
        "spec.resources.requests.ephemeral-storage",
        "may not be above the limit of ephemeral-storage",
        "pass",
    ),
    # spec.placement
    Row(
        "everything about places",
        placement(
            nodeSelector={"topology.kubernetes.io/zone": "eu-1a"},
            tolerations=[{"key": "dedicated", "operator": "Equal", "value": "inference", "effect": "NoSchedule"}],
            affinity={
                "nodeAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": {
                        "nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "Exists"}]}]
                    }
                },
                "podAntiAffinity": {
                    "preferredDuringSchedulingIgnoredDuringExecution": [
                        {"weight": 1, "podAffinityTerm": {"labelSelector": {}, "topologyKey": "kubernetes.io/hostname"}}
                    ]
                },
            },
            topologySpread="Zone",
            priorityClassName="production",
            schedulerName="volcano",
            runtimeClassName="nvidia",
        ),
    ),
    Row(
        "spread over racks",
        placement(topologySpread="Rack"),
        "spec.placement.topologySpread",
        "Unsupported value",
        "other",
    ),
    Row(
        "priority class with a capital",
        placement(priorityClassName="High"),
        "spec.placement.priorityClassName",
        "must be the name of a PriorityClass",
        "pass",
    ),
    Row(
        "scheduler with a blank",
        placement(schedulerName="my scheduler"),
        "spec.placement.schedulerName",
        "must be the name of a scheduler",
        "pass",
    ),
    Row(
        "runtime class with a capital",
        placement(runtimeClassName="NVIDIA"),
        "spec.placement.runtimeClassName",
        "must be the name of a RuntimeClass",
        "pass",
    ),
    # spec.scaling
    Row("between 2 and 2", scaling(minReplicas=2, maxReplicas=2)),
    Row("more at least than at most", scaling(minReplicas=3, maxReplicas=2), MIN, "may not be above maxReplicas"),
    Row("least of 0", scaling(minReplicas=0), MIN, "greater than or equal to 1", "other"),
    Row("no most", scaling(maxReplicas=None), "spec.scaling.maxReplicas", "Required value", "other"),
    Row("no signal", scaling(targets=None), TARGETS, "must hold at least one target, or metrics one metric"),
    Row("empty signals", scaling(targets=[], metrics=[]), TARGETS, "must hold at least one target"),
    Row(
        "a metric alone",
        scaling(targets=[], metrics=[{"type": "Pods", "pods": {"metric": {"name": "q"}, "target": AIM}}]),
    ),
    Row("target as a number", scaling(targets=[{"type": "MemoryUtilization", "value": 9999}])),
    Row(
        "target of nothing", scaling(targets=[CPU | {"value": "0"}]), TARGETS + "[0].value", "must be a whole number of"
    ),
    Row(
        "target of a fraction",
        scaling(targets=[CPU | {"value": "80%"}]),
        TARGETS + "[0].value",
        "must be a whole number",
    ),
    Row("target given twice", scaling(targets=[CPU, CPU]), TARGETS + "[1]", "Duplicate value", "pass"),
    Row("unknown target", scaling(targets=[CPU | {"type": "GPU"}]), TARGETS + "[0].type", "Unsupported value", "other"),
    Row(
        "behavior",
        scaling(
            behavior={"scaleUp": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}], "tolerance": "0.1"}}
        ),
    ),
    *[
        Row(
            f"{part} of a {kind} metric that is no quantity",
            scaling(metrics=[{"type": kind, section: {**more, "target": {"type": "Value", part: "many"}}}]),
            f"spec.scaling.metrics[0].{section}.target.{part}",
            "must be a quantity, for example 100",
            "pass",
        )
        for kind, section, more in METRICS
        for part in ("value", "averageValue")
    ],
    *[
        Row(
            f"tolerance that is no quantity, {way}",
            scaling(behavior={way: {"tolerance": "some"}}),
            f"spec.scaling.behavior.{way}.tolerance",
            "must be a quantity, for example 100",
            "pass",
        )
        for way in ("scaleUp", "scaleDown")
    ],
    # spec.disruption
    Row("no pod at once", disruption(0)),
    Row("all pods at once", disruption("100%")),
    Row("more than all pods", disruption("101%"), "spec.disruption.maxUnavailable", "must be a number of pods", "pass"),
    Row("less than no pod", disruption(-1), "spec.disruption.maxUnavailable", "must be a number of pods", "pass"),
    # spec.endpoint.ingress
    Row("host", ingress(host="models.example.com")),
    Row("host for all below", ingress(host="*.models.example.com")),
    Row("host with a scheme", ingress(host="https://models"), f"{INGRESS}.host", "must be the host name", "pass"),
    Row("no host", ingress(className="nginx"), f"{INGRESS}.host", "Required value", "other"),
    Row(
        "everything about an entrance",
        ingress(host="m.example.com", className="nginx", tls={"secretName": "tls"}, annotations={"a/b": "c"}),
    ),
    Row("certificate of the controller", ingress(host="m.example.com", tls={})),
    Row(
        "class with a capital",
        ingress(host="m.example.com", className="Nginx"),
        f"{INGRESS}.className",
        "must be the name of an IngressClass",
        "pass",
    ),
    Row(
        "certificate with a capital",
        ingress(host="m.example.com", tls={"secretName": "TLS"}),
        f"{INGRESS}.tls.secretName",
        "must be the name of a Secret of the same namespace that holds",
        "pass",
    ),
    # spec.podTemplate
    Row(
        "a patch",
        pod_template(
            metadata={"labels": {"team": "a"}, "annotations": {"a/b": ""}}, spec={"x": [{"$patch": "delete"}]}
        ),
    ),
    Row("another label of that prefix", pod_template(metadata={"labels": {"app.kubernetes.io/part-of": "x"}})),
    Row(
        "the label of the runtime",
        pod_template(metadata={"labels": {"app.kubernetes.io/name": "x"}}),
        "spec.podTemplate.metadata.labels",
        "may not hold keys that begin with modelservice.dev/",
        "pass",
    ),
    Row(
        "a label of the operator's",
        pod_template(metadata={"labels": {"modelservice.dev/name": "x"}}),
        "spec.podTemplate.metadata.labels",
        "may not hold keys that begin with modelservice.dev/",
        "pass",
    ),
    # spec.rollout, spec.endpoint
    Row("one by one", rollout(strategy="Replace")),
    Row("all at once", rollout(strategy="Recreate"), "spec.rollout.strategy", "Unsupported value", "other"),
    Row("deadline of 10 seconds", rollout(progressDeadlineSeconds=10)),
    Row("deadline of a week", rollout(progressDeadlineSeconds=604800)),
    Row(
        "deadline of 9 seconds",
        rollout(progressDeadlineSeconds=9),
        "spec.rollout.progressDeadlineSeconds",
        "greater than or equal to 10",
        "other",
    ),
    Row(
        "deadline above a week",
        rollout(progressDeadlineSeconds=604801),
        "spec.rollout.progressDeadlineSeconds",
        "less than or equal to 604800",
        "other",
    ),
    Row("no history", rollout(revisionHistoryLimit=0)),
    Row(
        "negative history",
        rollout(revisionHistoryLimit=-1),
        "spec.rollout.revisionHistoryLimit",
        "greater than or equal to 0",
        "other",
    ),
    Row(
        "history of 101",
        rollout(revisionHistoryLimit=101),
        "spec.rollout.revisionHistoryLimit",
        "less than or equal to 100",
        "other",
    ),
    Row("endpoint port 1", {"spec": {"endpoint": {"port": 1}}}),
    Row("endpoint port 0", {"spec": {"endpoint": {"port": 0}}}, ENDPOINT, "equal to 1", "other"),
    Row("endpoint port 65536", {"spec": {"endpoint": {"port": 65536}}}, ENDPOINT, "equal to 65535", "other"),
]

QUANTITIES = [
    # text, in units, as the API server prints it
    ("0", "0", "0"),
    ("0Gi", "0", "0"),
    ("1", "1", "1"),
    ("100", "100", "100"),
    ("1000", "1000", "1k"),
    ("1024", "1024", "1024"),
    ("1000m", "1", "1"),
    ("1500m", "1.5", "1500m"),
    ("0.5", "0.5", "500m"),
    (".5", "0.5", "500m"),
    ("2.5k", "2500", "2500"),
    ("1000k", "1000000", "1M"),
    ("1024Mi", "1073741824", "1Gi"),
    ("1025Ki", "1049600", "1025Ki"),
    ("1.5Gi", "1610612736", "1536Mi"),
    ("16000Gi", "17179869184000", "16000Gi"),
    ("0.5Ki", "512", "512"),
    ("0.001Ki", "1.024", "1024m"),
    ("1.0625Ki", "1088", "1088"),
    ("1023.5Ki", "1048064", "1048064"),
    ("0.0005Gi", "536870.912", "536870912m"),
    ("7Ei", "8070450532247928832", "7Ei"),
    ("12Ei", "9223372036854775807", "9223372036854775807"),
    ("1E", "1000000000000000000", "1E"),
    ("2048E", "2048000000000000000000", "2048E"),
    ("1e2", "100", "100"),
    ("1e3", "1000", "1e3"),
    ("1e4", "10000", "10e3"),
    ("1.25e4", "12500", "12500"),
    ("12e-3", "0.012", "12e-3"),
    ("999999999999999999999", "999999999999999999999", "999999999999999999999"),
]
