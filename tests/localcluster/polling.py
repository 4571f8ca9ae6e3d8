"""Waiting for what cannot be waited for otherwise."""

import time
from collections.abc import Iterator


def attempts(seconds: float, interval: float = 0.05) -> Iterator[None]:
    """Yield at once, then every `interval`, and a last time when `seconds` have passed."""
    deadline = time.monotonic() + seconds
    while True:
        yield
        left = deadline - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(interval, left))
