"""Images that take the place of model servers on a real node: their names and command lines, without their gigabytes.

vLLM is simulated: words at random, at the pace of a server. llama.cpp and Text Embeddings Inference are programs of our
own that compute what they answer, with a small transformer whose weights are random.
"""

import array
import json
import random
import sys
from pathlib import Path
from typing import Final

from engines.contract import load
from localcluster.build import built
from localcluster.cluster import say
from localcluster.module import ENGINES, SIMULATOR
from localcluster.realnode.images import write_image
from modelservice_operator.runtimes.catalogue import builtin

VOCABULARY: Final = 256
WIDTH: Final = 32
LAYERS: Final = 2
INNER: Final = 64
SEED: Final = 8
"""Of the weights."""


def vllm_image(directory: Path) -> Path:
    """An archive in `directory`: `vllm serve` with vLLM's own refusals, and behind it the simulator."""
    files = {
        "usr/bin/vllm": built(ENGINES, say) / "vllm",
        "app/llm-d-inference-sim": built(SIMULATOR, say) / "llm-d-inference-sim",
        "flags.json": _write_flags(directory, "vllm", joins=True),
    }
    return write_image(directory / "vllm.tar", _names("vllm"), files, ["vllm", "serve"])


def llamacpp_image(directory: Path) -> Path:
    """An archive in `directory`: `llama-server` with weights."""
    files = {
        "app/llama-server": built(ENGINES, say) / "llama-server",
        "flags.json": _write_flags(directory, "llamacpp", joins=False),
        "weights.bin": _write_weights(directory),
    }
    return write_image(directory / "llamacpp.tar", _names("llamacpp"), files, ["/app/llama-server"])


def tei_image(directory: Path) -> Path:
    """An archive in `directory`: `text-embeddings-router` with weights."""
    files = {
        "text-embeddings-router": built(ENGINES, say) / "text-embeddings-router",
        "flags.json": _write_flags(directory, "tei", joins=True),
        "weights.bin": _write_weights(directory),
    }
    return write_image(directory / "tei.tar", _names("tei"), files, ["/text-embeddings-router"])


def weights() -> list[list[list[float]]]:
    """The matrices of `modules/engines/transformer` in the order of their file, row by row."""
    source = random.Random(SEED)  # noqa: S311 (no cryptography)
    layer = [*[(WIDTH, WIDTH)] * 4, (WIDTH, INNER), (INNER, WIDTH)]
    shapes = [(VOCABULARY, WIDTH), *layer * LAYERS, (VOCABULARY, WIDTH)]
    spread = {VOCABULARY: 1.0, WIDTH: 2 * WIDTH**-0.5, INNER: 2 * INNER**-0.5}
    return [[_row(source, columns, spread[rows]) for _ in range(rows)] for rows, columns in shapes]


def _row(source: random.Random, columns: int, spread: float) -> list[float]:
    """As float32 holds them."""
    return list(array.array("f", [source.gauss(0, spread) for _ in range(columns)]))


def _write_weights(directory: Path) -> Path:
    values = array.array("f", [value for matrix in weights() for row in matrix for value in row])
    if sys.byteorder == "big":
        values.byteswap()
    file = directory / "weights.bin"
    file.write_bytes(values.tobytes())
    return file


def _write_flags(directory: Path, name: str, *, joins: bool) -> Path:
    """What `modules/engines/flags` is to know, from the lists that the runtimes are checked against."""
    engine = load()[name]
    flags = {
        spelled: {"name": first, "takes": flag.takes, "choices": flag.choices}
        for first, flag in engine.flags.items()
        for spelled in (first, *flag.also)
    }
    file = directory / f"{name}.json"
    file.write_text(json.dumps({"abbreviates": engine.abbreviates, "joins": joins, "flags": flags}))
    return file


def _names(runtime: str) -> list[str]:
    """The images for every vendor, as containerd calls them."""
    images = builtin()[runtime].image.values()
    return [image if "." in image.partition("/")[0] else f"docker.io/{image}" for image in images]
