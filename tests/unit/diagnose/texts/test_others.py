"""What llama.cpp, TGI, TEI, Triton and Ollama print, in other versions and with other values than in the rows."""

import re
from pathlib import Path

import pytest

from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.diagnose.texts.recognise import all_texts, recognise

HERE = Path(__file__).parent
KEPT = 2048
"""Bytes of the end of a log that the kubelet keeps as a termination message."""

OTHERS = ("llamacpp", "tgi", "tei", "triton", "ollama")

HUB = "https://huggingface.co"
TEI_DOWNLOAD = "Error: Could not download model artifacts\n\nCaused by:\n    "
TEI_HTTP = f"{TEI_DOWNLOAD}request error: HTTP status client error"
CANDLE = '{"level":"ERROR","message":"Could not start Candle backend: Could not start backend: '
CUDA = "ggml_backend_cuda_buffer_type_alloc_buffer: allocating"
LCPP = "llama_model_load: error loading model: "
TGI = "2026-11-22T10:00:00.123456Z ERROR text_generation_launcher: "

PARAPHRASES = [
    # llama.cpp
    ("error: unknown argument: --n-gpu-layer", "InvalidArgument", "--n-gpu-layer"),
    ('error while handling argument "-ngl": stoi\n\nusage:\n', "InvalidArgument", "-ngl is not a number"),
    ('error while handling argument "--port": expected value for argument\n\n', "InvalidArgument", "expected value"),
    ('error while handling argument "--device": invalid device: CUDA3\n\n', "InvalidArgument", "device: CUDA3"),
    ('error while handling environment variable "LLAMA_ARG_CTX_SIZE": stoi\n', "InvalidArgument", "CTX_SIZE"),
    ("couldn't bind to server socket: hostname=0.0.0.0 port=8081\n", "AddressInUse", "port 8081"),
    ("main: couldn't bind HTTP server socket, hostname: ::, port: 9\n", "AddressInUse", "port 9"),
    (
        f"{CUDA} 42.25 MiB on device 3: cudaMalloc failed: out of memory\n"
        f"alloc_tensor_range: failed to allocate CUDA3 buffer of size 44302336\n{LCPP}unable to allocate CUDA3 buffer",
        "DeviceMemoryTooSmall",
        "device 3 has no room for 42.25 MiB of the model's weights",
    ),
    (f"{LCPP}unable to allocate backend buffer", "DeviceMemoryTooSmall", "backend"),
    (f"{LCPP}unable to allocate Vulkan1 buffer", "DeviceMemoryTooSmall", "Vulkan1"),
    (f"{LCPP}unable to allocate CUDA_Host buffer", "OutOfMemory", "CUDA_Host"),
    (f"{LCPP}unable to allocate CPU_REPACK buffer", "OutOfMemory", "CPU_REPACK"),
    (
        f"llama_new_context_with_model: n_ctx      = 1048576\nllama_new_context_with_model: n_batch    = 2048\n"
        f"{CUDA} 131072.00 MiB on device 0: cudaMalloc failed: out of memory\n"
        "llama_kv_cache_init: failed to allocate buffer for kv cache",
        "KVCacheTooSmall",
        "131072.00 MiB of KV cache, for a context of 1048576 tokens",
    ),
    ("llama_kv_cache_unified: failed to allocate buffer for kv cache", "KVCacheTooSmall", "KV cache"),
    (
        f"{CUDA} 1.50 MiB on device 0: cudaMalloc failed: out of memory\n"
        "ggml_gallocr_reserve_n_impl: failed to allocate CUDA0 buffer of size 1572864\n"
        "graph_reserve: failed to allocate compute buffers\n"
        "llama_init_from_model: failed to initialize the context: failed to allocate compute pp buffers",
        "DeviceMemoryTooSmall",
        "1.50 MiB of compute buffers",
    ),
    ("ROCm error: out of memory\n  current device: 2, in function alloc at x.cu:1", "DeviceMemoryTooSmall", "device 2"),
    ("gguf_init_from_file: failed to open '/models/a.gguf': 'No such file or directory'", "ModelNotFound", "a.gguf"),
    (f"{LCPP}failed to open /m/a-00002-of-00002.gguf: No such file or directory", "ModelNotFound", "a-00002"),
    (f"{LCPP}failed to open /m/a.gguf: Permission denied", "ModelFilesInvalid", "Permission denied"),
    ("gguf_init_from_file: invalid magic characters 'lmgg'", "ModelFilesInvalid", "begins with 'lmgg'"),
    ("gguf_init_from_file: invalid magic characters: '<!do', expected 'GGUF'", "ModelFilesInvalid", "'<!do'"),
    (f"{LCPP}corrupted model: 338 tensors expected but 291 found", "ModelFilesInvalid", "incomplete"),
    (f"{LCPP}unsupported model architecture: 'gemma9'", "ModelUnsupported", "gemma9"),
    (f"{LCPP}error loading model architecture: unknown model architecture: 'x'", "ModelUnsupported", "x"),
    ("llama_init_from_model: V cache quantization requires flash_attn", "InvalidArgument", "flash attention"),
    ("invalid value for main_gpu: 4 (available devices: 1)", "InvalidArgument", "--main-gpu is 4, and the pod has 1"),
    (f"{LCPP}error loading model vocabulary: unknown tokenizer: 'y'", "ModelUnsupported", "tokenizer y"),
    (
        f"{LCPP}error loading model hyperparameters: key not found in model: qwen3.block_count",
        "ModelFilesInvalid",
        "key not found in model: qwen3.block_count",
    ),
    (f"{LCPP}done_getting_tensors: wrong number of tensors; expected 292, got 291", "ModelFilesInvalid", "292"),
    (
        "get_repo_commit: error: GET failed (403): Access to model org/m is restricted\n"
        "get_repo_files: failed to resolve commit for org/m\nsrv    load_model: failed to load model, ''\n",
        "ModelUnauthorized",
        "org/m (403)",
    ),
    ("error from HF API (https://hf.example.com/v2/a/b), response code: 404, data", "ModelNotFound", "quantization"),
    (
        "failed to download model: Download 'https://x.example.com/a.gguf' failed with status code: 502",
        "ModelDownloadFailed",
        "status 502",
    ),
    # Text Generation Inference and, by the same parser, Text Embeddings Inference
    ("error: unexpected argument '--pool' found\n\nUsage: text-embeddings-router", "InvalidArgument", "--pool"),
    ("error: Found argument '--foo' which wasn't expected, or isn't valid in this context", "InvalidArgument", "--foo"),
    (
        "error: invalid value 'first' for '--pooling <POOLING>'\n  [possible values: cls, mean, splade, last-token]\n",
        "InvalidArgument",
        "'first' is no value for the server's argument --pooling <POOLING>, but cls, mean, splade, last-token are",
    ),
    ("error: invalid value 'x' for '--port <PORT>': invalid digit found in string", "InvalidArgument", "digit"),
    ('Error: ArgumentValidation("`num_shard` cannot be < 1")', "InvalidArgument", "`num_shard` cannot be < 1"),
    (
        f"{TGI}AssertionError: The choosen size 50432 is not compatible with sharding on 3 shards\n",
        "ParallelismInvalid",
        "50432 rows or columns cannot be divided by 3 shards",
    ),
    (
        "ValueError: `num_heads` must be divisible by `num_shards` (got `num_heads`: 14 and `num_shards`: 4",
        "ParallelismInvalid",
        "14 attention heads cannot be divided by 4",
    ),
    ("Server error: Not enough memory to handle 256 prefill tokens. You need", "DeviceMemoryTooSmall", "256 tokens"),
    ("Error: Backend(NotEnoughMemory(8192))", "KVCacheTooSmall", "8192 tokens"),
    ("ValueError: Unsupported model type jamba\n", "ModelUnsupported", "jamba"),
    ("No .safetensors weights found for model a/b and revision main.", "ModelFilesInvalid", "a/b has no weights"),
    ("Download process was signaled to shutdown with signal 9: ", "OutOfMemory", "Download was killed"),
    # Text Embeddings Inference
    (
        f"{TEI_HTTP} (403 Forbidden) for url ({HUB}/a/b/resolve/main/config.json)",
        "ModelUnauthorized",
        "a/b (403)",
    ),
    (
        f"{TEI_DOWNLOAD}0: request error: HTTP status client error (404 Not Found) for url "
        f"({HUB}/a/b/resolve/main/tokenizer.json)",
        "ModelFilesInvalid",
        "a/b has no tokenizer.json",
    ),
    (
        f"{TEI_HTTP} (404 Not Found) for url ({HUB}/a/b/resolve/main/config.json)",
        "ModelNotFound",
        "a/b",
    ),
    (
        f"{TEI_HTTP} (404 Not Found) for url ({HUB}/a/b/resolve/v2/config.json)",
        "ModelRevisionNotFound",
        "revision v2 of a/b",
    ),
    (
        f"{TEI_DOWNLOAD}request error: HTTP status server error (503 Service Unavailable) for url ({HUB}/a/b)",
        "ModelDownloadFailed",
        "503",
    ),
    (f"{TEI_DOWNLOAD}I/O error No space left on device (os error 28)", "DiskFull", "no space"),
    (f"{CANDLE}Model is not supported\\n\\nCaused by:\\n    unknown variant `t5`, expected", "ModelUnsupported", "t5"),
    (f'{CANDLE}cannot find tensor roberta.x.weight"}}', "ModelFilesInvalid", "roberta.x.weight"),
    ("Runtime compute cap 61 is not compatible with compile time compute cap 75", "DriverTooOld", "75"),
    ("cuda compute cap 70 is not supported", "DriverTooOld", "70"),
    # Triton
    ("tritonserver: unrecognized option '--modelrepo'\n", "InvalidArgument", "--modelrepo"),
    ('Bad option: "--http-port".\nProvided option value is out of bound. Got 999999\n', "InvalidArgument", "bound"),
    ("failed to start HTTP service: Unavailable - Socket '0.0.0.0:8000' already in use \n", "AddressInUse", ":8000"),
    ("error: creating server: Internal - failed to open directory /model\n", "ModelNotFound", "/model"),
    (
        "Unable to initialize shared memory key 'k' to requested size (1048576 bytes). If you",
        "SharedMemoryTooSmall",
        "1048576 bytes",
    ),
    ("Failed to increase the shared memory pool size to 2097152 bytes. If you", "SharedMemoryTooSmall", "2097152"),
    ("MPI size 4 != TP size 8 * PP size 1", "ParallelismInvalid", "8 x 1 processes, and 4 run"),
    ("|  |  | mpiSize == tp * pp (/app/worldConfig.cpp:89)", "ParallelismInvalid", "number of processes"),
    (
        "failed.Version tag does not match. Note: Current Version: 239, Serialized Engine Version: 228",
        "ModelFilesInvalid",
        "228",
    ),
    ("Unsupported model IR version: 12, max supported IR version: 11\n", "ModelUnsupported", "IR version 12"),
    ("failed to load 'a' version 3: Invalid argument: unexpected dims", "ModelFilesInvalid", "version 3 of model a"),
    ("'model.json' containing vllm engine args must be provided in '/m/1'", "ModelFilesInvalid", "/m/1"),
    (
        "unexpected error when creating modelInstanceState: [json.exception.parse_error.101] parse error at line 1",
        "ModelFilesInvalid",
        "parse error at line 1",
    ),
    # Ollama
    ("Error: unknown shorthand flag: 'c' in -c", "InvalidArgument", "'c' in -c"),
    ("Error: pull model manifest: 401: {}", "ModelUnauthorized", "401"),
    (
        'Error: pull model manifest: Get "https://r.example.com/v2/": dial tcp: lookup r.example.com: no such host',
        "ModelDownloadFailed",
        "reach: dial tcp: lookup r.example.com: no such host",
    ),
    ("Error: pull model manifest: 502: bad gateway", "ModelDownloadFailed", "502"),
    (
        'Error: max retries exceeded: Get "https://x.example.com/": read tcp 10.0.0.2:3768->10.9.9.9:443: read: EOF',
        "ModelDownloadFailed",
        "again and again: read: EOF",
    ),
    ("Error: max retries exceeded: EOF\n", "ModelDownloadFailed", "EOF"),
    (
        "29fdb92e57cf part 24 attempt 1 failed: write /m/sha256:29-partial: no space left on device, retrying\n"
        "Error: max retries exceeded\n",
        "DiskFull",
        "/m/sha256:29-partial",
    ),
    ("Error: listen tcp :11434: bind: address already in use", "AddressInUse", ":11434"),
]


@pytest.mark.parametrize(("text", "reason", "said"), PARAPHRASES, ids=[text[:60] for text, _, _ in PARAPHRASES])
def test_other_words_for_the_same_are_known(text: str, reason: str, said: str) -> None:
    meaning = recognise(text)
    assert meaning is not None
    assert meaning.reason == reason
    assert said in meaning.says


TAILS = {
    "llamacpp_weights": (
        Reason.DEVICE_MEMORY_TOO_SMALL,
        "device 0 has no room for 32484.93 MiB of the model's weights",
    ),
    "tgi_warmup": (
        Reason.DEVICE_MEMORY_TOO_SMALL,
        "the device's memory does not hold the prefill of 16384 tokens beside the weights",
    ),
    "tgi_shards": (
        Reason.PARALLELISM_INVALID,
        "a tensor of 151936 rows or columns cannot be divided by 3 shards",
    ),
    "tei_model_type": (
        Reason.MODEL_UNSUPPORTED,
        "Text Embeddings Inference does not know models of type llama4",
    ),
    "triton_log": (
        Reason.SHARED_MEMORY_TOO_SMALL,
        "/dev/shm has no room for the 67108864 bytes of a Python model",  # noqa: S108
    ),
    "triton_usage": (
        Reason.INVALID_ARGUMENT,
        "tritonserver printed its usage, as it does for an argument that it does not know",
    ),
    "ollama_model": (
        Reason.MODEL_NOT_FOUND,
        "Ollama's library has no such model, or no such tag of it",
    ),
}


@pytest.mark.parametrize("name", TAILS)
def test_what_a_pod_left_behind_is_one_sentence(name: str) -> None:
    tail = (HERE / "tails" / f"{name}.txt").read_bytes()
    meaning = recognise(tail[-KEPT:].decode(errors="replace"))
    assert meaning is not None
    assert (meaning.reason, meaning.says) == TAILS[name]


SURVIVED = (HERE / "survived_others.txt").read_text("utf-8").split("\n\n")


@pytest.mark.parametrize("text", SURVIVED, ids=[text[:60] for text in SURVIVED])
def test_what_a_server_prints_and_survives_means_nothing(text: str) -> None:
    assert recognise(text) is None


@pytest.mark.parametrize("filler", ["a", "1", " ", "\n", "a\n", "'", '"', "/", "`"])
def test_no_pattern_goes_round_in_circles(filler: str) -> None:
    for row in (row for texts in all_texts() if texts.name in OTHERS for row in texts.texts):
        begin = row.example[: len(row.example) // 2]
        # A pattern that tries every way to divide the filler would not come back.
        for text in (filler * 4096, begin + filler * 4096, (begin + filler) * (4096 // len(begin + filler))):
            re.search(row.pattern, text)
