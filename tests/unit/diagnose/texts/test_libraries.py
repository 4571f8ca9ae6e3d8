"""Texts of the libraries below the engines (hub, storage, device, system) in other words than those of the examples."""

import pytest

from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.diagnose.texts.recognise import recognise
from unit.diagnose.texts.paraphrase import assert_means

PARAPHRASES = [
    (
        "huggingface_hub.errors.RepositoryNotFoundError: 404 Client Error. (Request ID: Root=1-65)\n\nRepository Not "
        "Found for url: https://hub.example.com/api/models/acme/qwen3.5-8b.\nPlease make sure you specified",
        Reason.MODEL_NOT_FOUND,
        ["acme/qwen3.5-8b"],
    ),
    (
        "OSError: You are trying to access a gated repo.\nMake sure to have access to it at "
        "https://huggingface.co/google/gemma-3-4b-it.\n403 Client Error.",
        Reason.MODEL_UNAUTHORIZED,
        ["google/gemma-3-4b-it"],
    ),
    (
        "Revision Not Found for url: https://huggingface.co/api/models/Qwen/Qwen3-8B/revision/release-9.",
        Reason.MODEL_REVISION_NOT_FOUND,
        ["Qwen/Qwen3-8B", "release-9"],
    ),
    (
        "huggingface_hub.errors.HfHubHTTPError: (Request ID: Root=1-65)\n\n429 Too Many Requests for url: https://x/y.",
        Reason.MODEL_DOWNLOAD_FAILED,
        ["429"],
    ),
    (
        "huggingface_hub.errors.HfHubHTTPError: (Request ID: 1)\n\n429 Too Many Requests: you have reached your 'api' "
        "rate limit.\nRetry after 12 seconds.",
        Reason.MODEL_DOWNLOAD_FAILED,
        ["(api)"],
    ),
    (
        "huggingface_hub.errors.HfHubHTTPError: Client error '429 Too Many Requests' for url 'https://huggingface.co/x'",
        Reason.MODEL_DOWNLOAD_FAILED,
        ["429"],
    ),
    (
        "RuntimeError: Data processing error: CAS service error : ReqwestMiddleware Error: Request failed after 5 "
        "retries",
        Reason.MODEL_DOWNLOAD_FAILED,
        ["Request failed after 5 retries"],
    ),
    (
        "RuntimeError: Data processing error: File reconstruction error: IO Error: No space left on device (os "
        "error 28)",
        Reason.DISK_FULL,
        ["space"],
    ),
    (
        "OSError: We couldn't connect to 'https://hub.example.com' to load this file, couldn't find it in the cached",
        Reason.MODEL_DOWNLOAD_FAILED,
        ["https://hub.example.com"],
    ),
    (
        "ValueError: The repository acme/net references custom code contained in acme/base which must be executed",
        Reason.REMOTE_CODE_REQUIRED,
        ["acme/net"],
    ),
    (
        "OSError: acme/adapter does not appear to have a file named pytorch_model.bin, model.safetensors or",
        Reason.MODEL_FILES_INVALID,
        ["acme/adapter", "pytorch_model.bin"],
    ),
    (
        "safetensors_rust.SafetensorError: Error while deserializing header: incomplete metadata, file not fully "
        "covered",
        Reason.MODEL_FILES_INVALID,
        ["incomplete metadata"],
    ),
    (
        "botocore.exceptions.ClientError: An error occurred (403) when calling the HeadObject operation: Forbidden",
        Reason.MODEL_UNAUTHORIZED,
        ["403", "HeadObject"],
    ),
    (
        "botocore.exceptions.ClientError: An error occurred (404) when calling the HeadObject operation: Not Found",
        Reason.MODEL_NOT_FOUND,
        ["404"],
    ),
    (
        "Exception: Could not send runai_request to libstreamer due to: File access error",
        Reason.MODEL_DOWNLOAD_FAILED,
        ["File access error"],
    ),
    (
        "google.api_core.exceptions.Forbidden: 403 GET "
        "https://storage.googleapis.com/storage/v1/b/m/o?projection=noAcl: "
        "x does not have storage.objects.list access",
        Reason.MODEL_UNAUTHORIZED,
        ["https://storage.googleapis.com/storage/v1/b/m/o"],
    ),
    (
        "The specified container does not exist.\nRequestId:8b87720e\nErrorCode:ContainerNotFound",
        Reason.MODEL_NOT_FOUND,
        ["ContainerNotFound"],
    ),
    (
        "requests.exceptions.ReadTimeout: (ReadTimeoutError(\"HTTPSConnectionPool(host='cdn.example.com', "
        "port=443): Read "
        'timed out. (read timeout=10)"), \'(Request ID: 1)\')',
        Reason.MODEL_DOWNLOAD_FAILED,
        ["cdn.example.com"],
    ),
    (
        "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.63 GiB (GPU 0; 44.56 GiB total capacity; "
        "27.91 GiB already allocated; 565.31 MiB free; 27.93 GiB reserved in total by PyTorch)",
        Reason.DEVICE_MEMORY_TOO_SMALL,
        ["44.56 GiB", "565.31 MiB", "1.63 GiB"],
    ),
    (
        "torch.cuda.OutOfMemoryError: HIP out of memory. Tried to allocate 124.00 MiB. GPU 0 has a total capacty of "
        "19.94 "
        "GiB of which 0 bytes is free. Of the allocated memory",
        Reason.DEVICE_MEMORY_TOO_SMALL,
        ["19.94 GiB", "0 bytes"],
    ),
    (
        "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79.11 GiB of which 1.20 GiB is "
        "free. Process 4171 has 40.00 GiB memory in use. Including non-PyTorch memory, this process has 37.80 GiB "
        "memory "
        "in use.",
        Reason.DEVICE_MEMORY_IN_USE,
        ["40.00 GiB", "37.80 GiB"],
    ),
    (
        "huggingface_hub.errors.HfHubHTTPError: Server error '504 Gateway Timeout' for url 'https://hub.example.com/x'",
        Reason.MODEL_DOWNLOAD_FAILED,
        ["504", "https://hub.example.com/x"],
    ),
    (
        "torch.OutOfMemoryError: XPU out of memory. Tried to allocate 20.00 MiB.\nGPU 0 has a total capacity of "
        "11.93 GiB of which 5.62 MiB is free.\nOf the allocated memory 10.43 GiB is allocated by PyTorch",
        Reason.DEVICE_MEMORY_TOO_SMALL,
        ["11.93 GiB", "5.62 MiB", "20.00 MiB"],
    ),
    (
        "RuntimeError: The NVIDIA driver on your system is too old (found version 11040).",
        Reason.DRIVER_TOO_OLD,
        ["CUDA 11.4"],
    ),
    (
        "[rank3]:[E1206 18:44:13.275178817 ProcessGroupNCCL.cpp:607] [Rank 3] Watchdog caught collective operation "
        "timeout: "
        "WorkNCCL(SeqNum=7753, OpType=_REDUCE_SCATTER_BASE, NumelIn=544997376, NumelOut=68124672, "
        "Timeout(ms)=600000) ran "
        "for 600089 milliseconds before timing out.",
        Reason.COLLECTIVE_TIMEOUT,
        ["600000 ms", "_REDUCE_SCATTER_BASE"],
    ),
    (
        "torch.distributed.DistStoreError: Timed out after 1801 seconds waiting for clients. 1/3 clients joined.",
        Reason.COLLECTIVE_TIMEOUT,
        ["1801", "1 of 3"],
    ),
    (
        "[3] include/shm.h:48 NCCL WARN Error while creating shared memory segment nccl-shm-recv-14624-1-2-3 (size "
        "9637888)",
        Reason.SHARED_MEMORY_TOO_SMALL,
        ["9637888"],
    ),
    ("OSError: [Errno 28] No space left on device: '/dev/shm/psm_4f2'", Reason.SHARED_MEMORY_TOO_SMALL, ["no room"]),
    ("[Errno 98] error while attempting to bind on address ('0.0.0.0', 8000): address already in use",
     Reason.ADDRESS_IN_USE, ["port"]),
    ("server: error: argument --port: invalid int value: 'http'", Reason.INVALID_ARGUMENT, ["--port", "'http'"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "reason", "parts"), PARAPHRASES, ids=[text[:70] for text, _, _ in PARAPHRASES])
def test_other_words_mean_the_same(text: str, reason: Reason, parts: list[str]) -> None:
    assert_means(text, reason, parts)


HARMLESS = [
    "HTTP Error 429 thrown while requesting GET https://huggingface.co/Qwen/Qwen3-8B/resolve/main/config.json",
    "'(ReadTimeoutError(\"HTTPSConnectionPool(host='huggingface.co', port=443): Read timed out. (read timeout=10)\"), "
    "'(Request ID: 1)')' thrown while requesting HEAD https://huggingface.co/Qwen/Qwen3-8B/resolve/main/config.json",
    "Retrying in 1s [Retry 1/5].",
    "WARNING Retrying (Retry(total=4)) after connection broken by "
    "'ReadTimeoutError(\"HTTPSConnectionPool(host='x')\")'",
    "Error while downloading from https://cdn.example.com/x: HTTPSConnectionPool(host='cdn.example.com', port=443): "
    "Read "
    "timed out.\nTrying to resume download...",
    "UserWarning: Not enough free disk space to download the file. The expected file size is: 4976.70 MB.",
    "FutureWarning: `resume_download` is deprecated and will be removed in version 1.0.0.",
    "UserWarning: Can't initialize NVML",
    "[rank0]:[W914 04:53:45.6 ProcessGroupNCCL.cpp:1476] Warning: WARNING: destroy_process_group() was not called "
    "before "
    "program exit, which can leak resources.",
    "If reserved but unallocated memory is large try setting PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True",
]


@pytest.mark.parametrize("line", HARMLESS)
def test_what_a_process_survives_means_nothing(line: str) -> None:
    assert recognise(line) is None
