import asyncio
import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Literal

import aiohttp
import kopf
import pytest

from modelservice_operator import logs
from modelservice_operator.manifest import Manifest

Configure = Callable[[Literal["text", "json"], str], io.StringIO]


@pytest.fixture
def configure() -> Iterator[Configure]:
    """Sets logging up into a buffer; afterwards everything is as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in (*logs.OTHERS, logs.HANDLER_REPORTS)}

    def configured(log_format: Literal["text", "json"], level: str) -> io.StringIO:
        stream = io.StringIO()
        logs.configure(log_format, level, stream)
        return stream

    root.handlers.clear()
    yield configured
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    logging.captureWarnings(capture=False)


def ours() -> logging.Logger:
    return logging.getLogger("modelservice_operator.cluster.apply")


def fail() -> None:
    raise LookupError("no such thing")


def entries(stream: io.StringIO) -> list[Manifest]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_text(configure: Configure) -> None:
    stream = configure("text", "info")
    ours().info("Started.")
    with logs.object_context("ml", "qwen3-8b"):
        ours().warning("Applied %s.", "the Service")
    first, second = stream.getvalue().splitlines()
    time, _, rest = first.partition(" ")
    assert datetime.strptime(time, "%Y-%m-%dT%H:%M:%S.%f%z").tzname() == "UTC"
    assert rest == "INFO cluster.apply: Started."
    assert second.partition(" ")[2] == "WARNING cluster.apply [ml/qwen3-8b]: Applied the Service."


def test_text_shows_a_traceback(configure: Configure) -> None:
    stream = configure("text", "info")
    try:
        fail()
    except LookupError:
        ours().exception("It failed.")
    lines = stream.getvalue().splitlines()
    assert lines[0].endswith("ERROR cluster.apply: It failed.")
    assert lines[1] == "Traceback (most recent call last):"
    assert lines[-1] == "LookupError: no such thing"


def test_json(configure: Configure) -> None:
    stream = configure("json", "info")
    ours().info("Started.")
    with logs.object_context("ml", "qwen3-8b"):
        ours().warning("Applied %s.", "the Service", extra={"kind": "Service"})
    first, second = entries(stream)
    assert list(first) == ["time", "level", "logger", "message"]
    assert first["time"].endswith("Z")
    assert {key: second[key] for key in second if key != "time"} == {
        "level": "warning",
        "logger": "modelservice_operator.cluster.apply",
        "message": "Applied the Service.",
        "object": "ml/qwen3-8b",
        "kind": "Service",
    }


def test_json_has_an_exception_in_one_field(configure: Configure) -> None:
    stream = configure("json", "info")
    try:
        fail()
    except LookupError:
        ours().exception("It failed.")
    (entry,) = entries(stream)
    assert entry["message"] == "It failed."
    assert entry["exception"].startswith("Traceback (most recent call last):\n")
    assert entry["exception"].endswith("\nLookupError: no such thing")
    assert "exc_info" not in entry


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_the_level_is_kept(configure: Configure, log_format: Literal["text", "json"]) -> None:
    stream = configure(log_format, "warning")
    ours().info("quiet")
    ours().warning("loud")
    assert "quiet" not in stream.getvalue()
    assert "loud" in stream.getvalue()


def test_configuring_anew_replaces_what_was_there(configure: Configure) -> None:
    before, after = configure("text", "info"), configure("json", "info")
    ours().info("Hello.")
    assert before.getvalue() == ""
    assert len(entries(after)) == 1


async def test_each_task_logs_about_its_own_object(configure: Configure) -> None:
    stream = configure("json", "info")

    async def work(name: str) -> None:
        with logs.object_context("ml", name):
            await asyncio.sleep(0)
            ours().info("for %s", name)

    await asyncio.gather(work("a"), work("b"))
    ours().info("for nobody")
    assert [(entry["message"], entry.get("object")) for entry in entries(stream)] == [
        ("for a", "ml/a"),
        ("for b", "ml/b"),
        ("for nobody", None),
    ]


@pytest.mark.parametrize(
    ("level", "logger", "heard"),
    [
        ("info", "kopf._core.reactor.running", "WARNING"),
        ("info", "kopf.objects", "WARNING"),
        ("info", "aiohttp.server", "WARNING"),
        ("error", "kopf._core.reactor.running", "ERROR"),
        ("debug", "kopf._core.reactor.running", "DEBUG"),
        ("debug", "kopf.objects", "WARNING"),
    ],
)
def test_libraries_are_heard_from(configure: Configure, level: str, logger: str, heard: str) -> None:
    configure("text", level)
    assert logging.getLevelName(logging.getLogger(logger).getEffectiveLevel()) == heard


def test_an_object_that_kopf_speaks_of_is_named(configure: Configure) -> None:
    stream = configure("json", "info")
    extra = {"k8s_ref": {"namespace": "ml", "name": "a"}, "k8s_skip": False, "settings": kopf.OperatorSettings()}
    logging.getLogger("kopf.objects").warning("Hm.", extra=extra)
    logging.getLogger("kopf.objects").warning("Hm.", extra={"k8s_ref": {"name": "node-1"}})
    assert [entry["object"] for entry in entries(stream)] == ["ml/a", "node-1"]
    assert set(entries(stream)[0]) == {"time", "level", "logger", "message", "object"}


@pytest.mark.parametrize(
    ("logger", "error", "traceback"),
    [
        ("kopf._core.reactor.orchestration", ConnectionResetError("reset by peer"), False),
        ("kopf._core.reactor.orchestration", aiohttp.ClientPayloadError("cut off"), False),
        ("kopf._core.reactor.orchestration", TimeoutError("too slow"), False),
        ("kopf._core.reactor.running", kopf.LoginError("no credentials left"), False),
        ("kopf._core.reactor.running", KeyError("metadata"), True),
        ("kopf.objects", KeyError("metadata"), True),
        ("modelservice_operator.app", ConnectionResetError("reset by peer"), True),
    ],
)
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_kopf_tells_of_lost_connections_in_one_line(
    configure: Configure, log_format: Literal["text", "json"], logger: str, error: Exception, traceback: bool
) -> None:
    stream = configure(log_format, "info")
    try:
        raise error
    except Exception:
        logging.getLogger(logger).exception("Watcher for %s has failed.", "pods")
    text = stream.getvalue()
    assert ("Traceback" in text) == traceback
    if not traceback:
        assert f"Watcher for pods has failed. ({type(error).__name__}: {error})" in text
        assert text.count("\n") == 1


def test_warnings_of_python_go_into_the_log(configure: Configure) -> None:
    stream = configure("json", "info")
    warnings.warn("old ways", DeprecationWarning, stacklevel=1)
    (entry,) = entries(stream)
    assert entry["logger"] == "py.warnings"
    assert "old ways" in entry["message"]


def test_an_api_server_that_is_away_is_told_now_and_then(configure: Configure) -> None:
    stream = configure("text", "info")
    logger = logging.getLogger("kopf._cogs.clients.watching")
    url = "https://127.0.0.1:6443/api/v1/pods?watch=true&resourceVersion=335"
    for attempt in range(1, 22):
        error = aiohttp.ClientConnectionError("refused")
        logger.error(f"Request attempt #{attempt}/9 failed; will retry: GET {url} -> {error!r}")
    lines = stream.getvalue().splitlines()
    assert len(lines) == 3
    assert lines[0].endswith(
        "WARNING kopf._cogs.clients.watching: No answer to GET https://127.0.0.1:6443/api/v1/pods "
        "(ClientConnectionError); trying on."
    )
