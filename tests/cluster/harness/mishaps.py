"""What may go wrong between operator and API server for a while, each with what is random in it."""

import random
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from aiohttp import web

from cluster.harness.proxy import Answer, Cut, Delay, Fault, Proxy, Truncate

CODES: Final = (401, 403, 409, 410, 429, 500, 503, 504)
FAULTS: Final[tuple[Fault, ...]] = (
    Cut(),
    Cut(late=True),
    Delay(0.3),
    Truncate(clean=True),
    Truncate(clean=False),
    *map(Answer, CODES),
)
MID_LINE: Final = b'{"type":"MODIFIED","object":{"meta'

Mishap = Callable[[Proxy, random.Random], AbstractContextManager[None]]


def none(_proxy: Proxy, _dice: random.Random) -> AbstractContextManager[None]:
    """All is well."""
    return nullcontext()


def requests_fail(proxy: Proxy, dice: random.Random) -> AbstractContextManager[None]:
    """Each request may fail, in any way."""

    def rule(_: web.Request) -> Fault | None:
        return dice.choice(FAULTS) if dice.random() < 0.3 else None

    return proxy.injecting(rule)


def all_is_refused(proxy: Proxy, dice: random.Random) -> AbstractContextManager[None]:
    """Every request is refused in the same way, and the streams break."""
    answer = Answer(dice.choice(CODES))
    proxy.cut_streams()
    return proxy.injecting(lambda _: answer)


def streams_end(proxy: Proxy, dice: random.Random) -> AbstractContextManager[None]:
    """Between two lines or within one, broken or in good order."""
    end = dice.choice((proxy.cut_streams, proxy.end_streams))
    end(dice.choice((b"", MID_LINE)))
    return nullcontext()


def history_expires(proxy: Proxy, _dice: random.Random) -> AbstractContextManager[None]:
    """As the API server says it in every stream."""
    proxy.fail_streams(410)
    return nullcontext()


def events_are_lost(proxy: Proxy, dice: random.Random) -> AbstractContextManager[None]:
    """Half of them, without a word."""
    return proxy.losing(lambda event: event["type"] != "BOOKMARK" and dice.random() < 0.5)


def nothing_passes(proxy: Proxy, _dice: random.Random) -> AbstractContextManager[None]:
    """Connections stay open and are silent."""
    return proxy.unreachable()


MISHAPS: Final[tuple[Mishap, ...]] = (
    none,
    requests_fail,
    all_is_refused,
    streams_end,
    history_expires,
    events_are_lost,
    nothing_passes,
)
