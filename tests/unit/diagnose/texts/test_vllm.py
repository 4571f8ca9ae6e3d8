"""Texts of vLLM in other versions and other words than those of the examples, as a termination message holds them."""

import pytest

from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.diagnose.texts.recognise import recognise
from unit.diagnose.texts.paraphrase import assert_means

V1 = "(EngineCore_DP0 pid=123) ERROR 11-22 10:00:00 [core.py:700] "

PARAPHRASES = [
    (
        V1 + "ValueError: To serve at least one request with the models's max seq len (40960), (5.62 GiB KV cache is "
        "needed, which is larger than the available KV cache memory (1.04 GiB).  Based on the available memory, the "
        "estimated maximum model length is 7552. Try increasing `gpu_memory_utilization`",
        Reason.KV_CACHE_TOO_SMALL,
        ["40960", "5.62 GiB", "1.04 GiB", "7552"],
    ),
    (
        "ValueError: The model's max seq len (131072) is larger than the maximum number of tokens that can be stored "
        "in KV cache (2416). Try",
        Reason.KV_CACHE_TOO_SMALL,
        ["131072", "2416"],
    ),
    (
        V1 + "ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when "
        "initializing the engine (this flag also controls CPU memory reservation on the CPU backend, despite its "
        "name).",
        Reason.KV_CACHE_TOO_SMALL,
        ["KV cache"],
    ),
    (
        "ValueError: Free memory on device (3.9/23.65 GiB) on startup is less than desired GPU memory utilization "
        "(0.9, 21.28 GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes.",
        Reason.DEVICE_MEMORY_IN_USE,
        ["3.9 of 23.65 GiB", "21.28 GiB"],
    ),
    (
        "AssertionError: Error in memory profiling. Initial free memory 42104913920, current free memory 64886210560. "
        "This happens when the GPU memory was not properly cleaned up before initializing the vLLM instance.",
        Reason.DEVICE_MEMORY_IN_USE,
        ["42104913920", "64886210560"],
    ),
    (
        "RuntimeError: CUDA out of memory occurred when warming up pooler (task='embed') with 256 dummy requests.",
        Reason.DEVICE_MEMORY_TOO_SMALL,
        ["256"],
    ),
    (
        "ValueError: Total number of attention heads (14) must be divisible by tensor parallel size (4).",
        Reason.PARALLELISM_INVALID,
        ["14", "4 devices"],
    ),
    (
        "ValueError: The output_size of gate's and up's weight = 1184 is not divisible by weight quantization "
        "block_n = 128.",
        Reason.PARALLELISM_INVALID,
        ["1184", "128"],
    ),
    ("AssertionError: 25 is not divisible by 2", Reason.PARALLELISM_INVALID, ["25", "2 devices"]),
    (
        "(Worker pid=88) ERROR 11-22 10:00:00 [multiproc_executor.py:783] RuntimeError: Insufficient space in "
        "/dev/shm for "
        "ShmRingBuffer: 240 MiB required, 64 MiB free. Increase /dev/shm (e.g. --shm-size or --ipc=host).",
        Reason.SHARED_MEMORY_TOO_SMALL,
        ["240 MiB", "64 MiB"],
    ),
    (
        "RuntimeError: please ensure that tensor_parallel_size (8) is less than max local gpu count (4)",
        Reason.DEVICE_NOT_VISIBLE,
        ["8 devices", "finds 4"],
    ),
    (
        "  Value error, Model architectures ['Glm9ForCausalLM', 'Glm9ForX'] are not supported for now. Supported",
        Reason.MODEL_UNSUPPORTED,
        ["Glm9ForCausalLM"],
    ),
    (
        "ValueError: This model does not support the 'embed' task. Supported tasks: {'generate'}",
        Reason.MODEL_UNSUPPORTED,
        ["task"],
    ),
    (
        "  Value error, User-specified max_model_len (40000) is greater than the derived max_model_len "
        "(max_position_embeddings=32768.0 or model_max_length=None in model's config.json). This may lead to incorrect "
        "model outputs or CUDA errors. To allow overriding this maximum, set the env var "
        "VLLM_ALLOW_LONG_MAX_MODEL_LEN=1",
        Reason.INVALID_ARGUMENT,
        ["40000", "32768"],
    ),
    (
        "RuntimeError: Failed to load the tokenizer. If the tokenizer is a custom tokenizer not yet available in the "
        "HuggingFace transformers library, consider setting `trust_remote_code=True` in LLM or using the flag",
        Reason.REMOTE_CODE_REQUIRED,
        ["code of its own"],
    ),
    (
        "usage: vllm serve [model_tag] [options]\nvllm serve: error: unrecognized arguments: --num-scheduler-steps 8",
        Reason.INVALID_ARGUMENT,
        ["--num-scheduler-steps 8"],
    ),
    (
        "pydantic_core._pydantic_core.ValidationError: 1 validation error for ModelConfig\n  Value error, The "
        "checkpoint "
        "you are trying to load has model type `qwen9` but Transformers does not recognize this architecture.",
        Reason.MODEL_UNSUPPORTED,
        ["qwen9"],
    ),
    (
        "pydantic_core._pydantic_core.ValidationError: 1 validation error for VllmConfig\n  Value error, chunked MM "
        "input is disabled but max_tokens exceeds the budget. [type=value_error, input_value=ArgsKwargs]",
        Reason.INVALID_ARGUMENT,
        ["chunked MM input is disabled"],
    ),
    (
        "TimeoutError: Timed out waiting for engine core processes to start. This is often caused by slow weight "
        "loading for large models. Waited 1200s (configured by VLLM_ENGINE_READY_TIMEOUT_S). To increase the timeout",
        Reason.STARTUP_TOO_SLOW,
        ["1200 seconds"],
    ),
]


@pytest.mark.parametrize(("text", "reason", "parts"), PARAPHRASES, ids=[text[:70] for text, _, _ in PARAPHRASES])
def test_other_words_mean_the_same(text: str, reason: Reason, parts: list[str]) -> None:
    assert_means(text, reason, parts)


TAIL = f"""\
{V1}    return self.collective_rpc("load_model")
{V1}           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
{V1}  File "/usr/local/lib/python3.12/dist-packages/vllm/v1/worker/gpu_model_runner.py", line 5080, in load_model
{V1}torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.16 GiB. GPU 0 has a total capacity of 21.98 GiB of \
which 512.94 MiB is free. Process 2684311 has 21.46 GiB memory in use. Of the allocated memory 21.02 GiB is allocated \
by PyTorch, and 24.12 MiB is reserved by PyTorch but unallocated.
(APIServer pid=1) Traceback (most recent call last):
(APIServer pid=1)   File "/usr/local/bin/vllm", line 10, in <module>
(APIServer pid=1)     sys.exit(main())
(APIServer pid=1) RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {{}}
"""


def test_the_consequence_does_not_hide_the_cause() -> None:
    meaning = recognise(TAIL)
    assert meaning is not None
    # In a container the process does not know itself by its own number: the one process named is the engine.
    assert meaning.reason is Reason.DEVICE_MEMORY_TOO_SMALL
    assert meaning.says == "of 21.98 GiB of the device 512.94 MiB are free and the engine asked for 1.16 GiB more"


def test_a_gated_model_is_not_taken_for_a_wrong_directory() -> None:
    meaning = recognise(
        "huggingface_hub.errors.GatedRepoError: 401 Client Error. (Request ID: Root=1-659fc3fa)\n\n"
        "Cannot access gated repo for url https://huggingface.co/google/gemma-3-4b-it/resolve/main/config.json.\n"
        "Access to model google/gemma-3-4b-it is restricted. You must have access to it and be authenticated.\n"
        "ValueError: Invalid repository ID or local directory specified: 'google/gemma-3-4b-it'."
    )
    assert meaning is not None
    assert meaning.reason is Reason.MODEL_UNAUTHORIZED
    assert "google/gemma-3-4b-it" in meaning.says


HARMLESS = [
    "INFO 11-22 10:00:00 [model.py:1745] Using max model len 32768",
    "INFO 11-22 10:00:00 [kv_cache_utils.py:1087] GPU KV cache size: 43,184 tokens",
    "INFO 11-22 10:00:00 [gpu_worker.py:298] Available KV cache memory: 5.27 GiB",
    "INFO 11-22 10:00:00 [gpu_model_runner.py:2653] Model loading took 15.27 GiB memory and 8.21 seconds",
    "WARNING 11-22 10:00:00 [utils.py:319] NewNet has no vLLM implementation, falling back to Transformers "
    "implementation. Some features may not be supported",
    "WARNING 11-22 10:00:00 [model.py:2690] User-specified max_model_len (65536) is greater than the derived "
    "max_model_len (max_position_embeddings=32768 or model_max_length=None in model's config.json). "
    "VLLM_ALLOW_LONG_MAX_MODEL_LEN must be used with extreme caution.",
    "INFO 11-22 10:00:00 [shm_broadcast.py:466] No available shared memory broadcast block found in 60 seconds. This "
    "typically happens when some processes are hanging or doing some time-consuming work",
    "WARNING 11-22 10:00:00 [parallel.py:750] Address already in use. Retrying with a new port.",
    "WARNING 11-22 10:00:00 [model.py:2459] Your device 'Tesla T4' (with compute capability 7.5) doesn't support "
    "torch.bfloat16. Falling back to torch.float16 for compatibility.",
    "WARNING 11-22 10:00:00 [model.py:1475] The quantization method gptq is deprecated and will be removed",
    "RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}",
    "FutureWarning: The pynvml package is deprecated. Please install nvidia-ml-py instead.",
]


@pytest.mark.parametrize("line", HARMLESS)
def test_what_vllm_survives_means_nothing(line: str) -> None:
    assert recognise(line) is None
