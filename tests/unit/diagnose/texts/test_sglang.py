"""Texts of SGLang in other versions and other words than those of the examples."""

import pytest

from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.diagnose.texts.recognise import recognise
from unit.diagnose.texts.paraphrase import assert_means

TAIL = """\
[2026-11-22 10:00:00 TP0] Scheduler hit an exception: Traceback (most recent call last):
  File "/sgl-workspace/sglang/python/sglang/srt/managers/scheduler.py", line 3311, in run_scheduler_process
    scheduler = Scheduler(server_args, port_args, gpu_id, tp_rank)
  File "/sgl-workspace/sglang/python/sglang/srt/model_executor/pool_configurator.py", line 99, in __post_init__
    raise RuntimeError(msg)
RuntimeError: Not enough memory. Please try to increase --mem-fraction-static. Current value: mem_fraction_static=0.712

[2026-11-22 10:00:00] Received sigquit from a child process. It usually means the child failed.
"""

PARAPHRASES = [
    (TAIL, Reason.KV_CACHE_TOO_SMALL, ["0.712"]),
    (
        "ValueError: The memory capacity is unbalanced. Some GPUs may be occupied by other processes. "
        "min_per_gpu_memory=11.5, local_gpu_memory=78.68164, local_gpu_memory * 0.9=70.81",
        Reason.DEVICE_MEMORY_IN_USE,
        ["11.5 GB", "78.68 GB"],
    ),
    (
        "Exception: Capture cuda graph failed: CUDA error: out of memory\nPossible solutions:\n1. set "
        "--mem-fraction-static to a smaller value (e.g., 0.8 or 0.7)",
        Reason.DEVICE_MEMORY_TOO_SMALL,
        ["CUDA graphs"],
    ),
    (
        "ValueError: User-specified context_length (131072) is greater than the derived context_length (40960). This "
        "may lead to incorrect model outputs or CUDA errors. To allow overriding this maximum, set the env var "
        "SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN=1",
        Reason.INVALID_ARGUMENT,
        ["131072", "40960"],
    ),
    ("AssertionError: 14 is not divisible by 4", Reason.PARALLELISM_INVALID, ["14", "4 devices"]),
    (
        "ValueError: Model architectures ['Glm9ForCausalLM'] are not supported for now. Supported architectures: d",
        Reason.MODEL_UNSUPPORTED,
        ["Glm9ForCausalLM"],
    ),
    (
        "launch_server.py: error: unrecognized arguments: --mem-fraction 0.8",
        Reason.INVALID_ARGUMENT,
        ["--mem-fraction 0.8"],
    ),
    (
        "RuntimeError: Rank 3 scheduler died during initialization (exit code: -9). If exit code is -9 (SIGKILL), a",
        Reason.OUT_OF_MEMORY,
        ["rank 3"],
    ),
]


@pytest.mark.parametrize(("text", "reason", "parts"), PARAPHRASES, ids=[text[:70] for text, _, _ in PARAPHRASES])
def test_other_words_mean_the_same(text: str, reason: Reason, parts: list[str]) -> None:
    assert_means(text, reason, parts)


HARMLESS = [
    "[2026-11-22 10:00:00 TP0] Load weight begin. avail mem=78.68 GB",
    "[2026-11-22 10:00:00] WARNING model_config.py:1306: Warning: User-specified context_length (65536) is greater "
    "than "
    "the derived context_length (32768). This may lead to incorrect model outputs or CUDA errors.",
    "[2026-11-22 10:00:00] WARNING bootstrap.py:452: The memory capacity is unbalanced. Some GPUs may be occupied by "
    "other processes. pre_model_load_memory=60.5, local_gpu_memory=78.5, local_gpu_memory * 0.9=70.65",
    "[2026-11-22 10:00:00] port 30000 is in use. Waiting for 15 seconds for port to be available.",
    "[2026-11-22 10:00:00 TP0] KV cache pool is full. Retract requests. #retracted_reqs: 2, #new_token_ratio: 0.7",
    "[2026-11-22 10:00:00] Initialization failed. Please see the error messages above.",
    "Compute capability below sm80. Use float16 due to lack of bfloat16 support.",
]


@pytest.mark.parametrize("line", HARMLESS)
def test_what_sglang_survives_means_nothing(line: str) -> None:
    assert recognise(line) is None
