"""What the images of llama.cpp and Text Embeddings Inference are to answer: the same model, computed here once more.

`localcluster/modules/engines/transformer` says how it is made.
"""

import math
from collections.abc import Sequence
from typing import Final

from localcluster.engines import WIDTH, weights

HEADS: Final = 4
SIZE: Final = WIDTH // HEADS
PRINTABLE: Final = range(ord(" "), ord("~") + 1)

Vector = list[float]
Matrix = list[Vector]


def embed(text: str) -> Vector:
    """The mean of its vectors, of length 1."""
    mean = [sum(column) for column in zip(*_forward(text.encode(), weights()[:-1]), strict=True)]
    length = math.sqrt(_dot(mean, mean))
    return [value / length for value in mean]


def continuations(text: str) -> str:
    """The likeliest character after each of the text's."""
    *matrices, output = weights()
    last = _forward(text.encode(), matrices)
    return "".join(chr(max(PRINTABLE, key=lambda token: _dot(output[token], x))) for x in last)


def _forward(tokens: bytes, matrices: Sequence[Matrix]) -> Matrix:
    embedding, *others = matrices
    stream = [_add(embedding[token], _position(at)) for at, token in enumerate(tokens)]
    for first in range(0, len(others), 6):
        query, key, value, output, up, down = others[first : first + 6]
        stream = [_add(x, _times(y, output)) for x, y in zip(stream, _attend(stream, query, key, value), strict=True)]
        stream = [_add(x, _times([max(h, 0) for h in _times(_norm(x), up)], down)) for x in stream]
    return [_norm(x) for x in stream]


def _attend(stream: Matrix, query: Matrix, key: Matrix, value: Matrix) -> Matrix:
    queries, keys, values = ([_times(_norm(x), by) for x in stream] for by in (query, key, value))
    seen: Matrix = [[] for _ in stream]
    for at, asked in enumerate(queries):
        for start in range(0, WIDTH, SIZE):
            head = slice(start, start + SIZE)
            scores = [math.exp(_dot(asked[head], k[head]) / math.sqrt(SIZE)) for k in keys[: at + 1]]
            shares = [score / sum(scores) for score in scores]
            seen[at] += [_dot(shares, column) for column in zip(*(v[head] for v in values[: at + 1]), strict=True)]
    return seen


def _position(at: int) -> Vector:
    angles = [at / 10000 ** (index // 2 * 2 / WIDTH) for index in range(WIDTH)]
    return [math.cos(angle) if index % 2 else math.sin(angle) for index, angle in enumerate(angles)]


def _norm(x: Vector) -> Vector:
    scale = math.sqrt(_dot(x, x) / len(x) + 1e-6)
    return [value / scale for value in x]


def _times(x: Vector, by: Matrix) -> Vector:
    return [_dot(x, column) for column in zip(*by, strict=True)]


def _add(x: Vector, y: Vector) -> Vector:
    return [a + b for a, b in zip(x, y, strict=True)]


def _dot(x: Sequence[float], y: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(x, y, strict=True))
