"""Logging: one line per event, as text or JSON, with the object that it is about."""

import contextvars
import logging
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal, TextIO

from pythonjsonlogger.core import RESERVED_ATTRS, LogData
from pythonjsonlogger.json import JsonFormatter

PACKAGE: Final = "modelservice_operator."
OTHERS: Final = ("kopf", "aiohttp", "asyncio", "kubernetes")
"""Libraries whose progress reports are noise: below WARNING they are heard at log level debug only."""
HANDLER_REPORTS: Final = "kopf.objects"
"""kopf writes "handler succeeded" here for every event of every object, and at debug level its whole body."""

RETRIES: Final = re.compile(
    r"Request attempt #(?P<attempt>\d+)\S* failed; will retry: (?P<what>\S+ [^? ]+)\S* -> (?P<why>\w+)"
)
"""What kopf writes, as an error, of every failed attempt of every watch."""
RETRIES_SHOWN: Final = 10
"""Of the attempts of one request the first is shown, and then every so many."""

_object: contextvars.ContextVar[str] = contextvars.ContextVar("object", default="")


@contextmanager
def object_context(namespace: str, name: str) -> Iterator[None]:
    """Everything that is logged within the block, by whatever it awaits or starts, is about this object."""
    token = _object.set(f"{namespace}/{name}")
    try:
        yield
    finally:
        _object.reset(token)


def configure(log_format: Literal["text", "json"], level: str, stream: TextIO | None = None) -> None:
    """Set up logging for the process, in place of whatever was set up before.

    Args:
        log_format: `text` for people, `json` for machines.
        level: the least level that is logged: debug, info, warning or error.
        stream: where to; standard error by default.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Json() if log_format == "json" else _Text())
    handler.addFilter(_worth_showing)
    handler.addFilter(_enrich)
    threshold = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(level=threshold, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    for name in OTHERS:
        logging.getLogger(name).setLevel(threshold if level == "debug" else max(threshold, logging.WARNING))
    logging.getLogger(HANDLER_REPORTS).setLevel(max(threshold, logging.WARNING))


def _worth_showing(record: logging.LogRecord) -> bool:
    """An API server that is away is one line now and then, not one per watch every few seconds."""
    found = RETRIES.match(record.getMessage()) if record.name.startswith("kopf.") else None
    if found is None:
        return True
    record.levelno, record.levelname = logging.WARNING, "WARNING"
    record.msg, record.args = f"No answer to {found['what']} ({found['why']}); trying on.", None
    return int(found["attempt"]) % RETRIES_SHOWN == 1


def _enrich(record: logging.LogRecord) -> bool:
    """Give the record the fields that both formats show."""
    record.object = _object.get() or _kopf_object(record)
    record.component = record.name.removeprefix(PACKAGE)
    _fold_reconnect(record)
    return True


def _kopf_object(record: logging.LogRecord) -> str:
    reference = getattr(record, "k8s_ref", None)
    if not isinstance(reference, dict):
        return ""
    namespace, name = reference.get("namespace"), reference.get("name")
    return f"{namespace}/{name}" if namespace else str(name)


def _fold_reconnect(record: logging.LogRecord) -> None:
    """What kopf reports of a lost connection loses the traceback, which shows kopf's insides: the error says it all."""
    if not record.name.startswith("kopf.") or not record.exc_info:
        return
    error = record.exc_info[1]
    if error is not None and _is_expected(error):
        record.msg, record.args = f"{record.getMessage()} ({type(error).__name__}: {error})", None
        record.exc_info = record.exc_text = None


def _is_expected(error: BaseException) -> bool:
    """An error of the connection, or one that kopf made of an answer: not a fault in our code."""
    return isinstance(error, OSError) or type(error).__module__.startswith(("aiohttp.", "kopf."))


def _time(record: logging.LogRecord) -> str:
    """RFC 3339 in UTC, with milliseconds."""
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))}.{int(record.msecs):03d}Z"


class _Text(logging.Formatter):
    """`2026-11-22T10:00:00.123Z INFO reconcile [ml/qwen3-8b] message`, and below it the traceback if there is one."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (the name is that of the standard library)
        about = getattr(record, "object", "")
        component = getattr(record, "component", record.name)
        where = f"{component} [{about}]" if about else component
        return f"{_time(record)} {record.levelname} {where}: {record.message}"


class _Json(JsonFormatter):
    """One object a line: time, level, logger, object where there is one, message, exception where there is one."""

    def __init__(self) -> None:
        super().__init__(reserved_attrs=[*RESERVED_ATTRS, "component", "k8s_ref", "k8s_skip", "settings", "taskName"])

    def add_fields(self, log_data: LogData, record: logging.LogRecord, message_dict: LogData) -> None:
        log_data |= {"time": _time(record), "level": record.levelname.lower(), "logger": record.name}
        super().add_fields(log_data, record, message_dict)
        if not log_data.get("object"):
            log_data.pop("object", None)
        if "exc_info" in log_data:
            log_data["exception"] = log_data.pop("exc_info")
