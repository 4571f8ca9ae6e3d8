"""Waiting for a condition on the cluster."""

from collections.abc import Callable
from typing import TypeVar

from localcluster import KubectlError
from localcluster.polling import attempts

T = TypeVar("T")

NOT_YET = (AssertionError, LookupError, KubectlError)
"""What a condition may raise while it does not hold: something is not there, or not as it should be."""


def eventually(condition: Callable[[], T], *, timeout: float = 30, why: str = "", interval: float = 0.1) -> T:
    """The first truthy value that `condition` gives.

    Fails the test after `timeout` seconds, with `why` and the last value or error. `NOT_YET` errors count as not yet;
    any other error is raised at once.
    """
    last = ""
    for _ in attempts(timeout, interval):
        try:
            value = condition()
        except NOT_YET as error:
            last = f"{type(error).__name__}: {error}"
        else:
            if value:
                return value
            last = repr(value)
    raise AssertionError(f"Not within {timeout:g} s{f': {why}' if why else ''}. Last seen: {last}")
