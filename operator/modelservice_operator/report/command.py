"""The commands that ask a cluster: what there is, and why it is not as it should be."""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import click

from modelservice_operator import api, conditions
from modelservice_operator.cluster.client import Client
from modelservice_operator.cluster.credentials import current_namespace, load_access
from modelservice_operator.cluster.errors import ApiError, ApiUnreachable, NoCredentials
from modelservice_operator.records.parent import Parent
from modelservice_operator.report.problems import problem_text
from modelservice_operator.report.reading import NotThere, Reader
from modelservice_operator.report.report import Report, report, wants_tenants
from modelservice_operator.report.text import Colour, Paint, plain, report_text, table
from modelservice_operator.report.words import age

PERIOD: Final = 2.0
"""Seconds between two looks of `--watch`."""

_TROUBLE: Final = 1
_ERROR: Final = 2


@dataclass(frozen=True, slots=True)
class Target:
    """Which cluster, and which namespace of it."""

    kubeconfig: str | None = None
    context: str | None = None
    namespace: str | None = None
    """None: that of the context."""
    everywhere: bool = False
    """All namespaces, whatever `namespace` says."""


def explain(target: Target, name: str, *, as_json: bool, watch: bool) -> int:
    """Print the report on one ModelService; returns 0 if all is well, 1 for problems, 2 if it cannot be read."""
    return _run(_explain(target, name, as_json=as_json, watch=watch))


def status(target: Target, *, as_json: bool) -> int:
    """Print a line for each ModelService and its worst problem; exits as `explain` does."""
    return _run(_status(target, as_json=as_json))


async def _explain(target: Target, name: str, *, as_json: bool, watch: bool) -> int:
    async with _reader(target) as (reader, namespace):
        shown = ""
        while True:
            found = await _report(reader, namespace or "default", name)
            text = json.dumps(found.as_json(), ensure_ascii=False, indent=2) if as_json else _text(found)
            if text != shown:
                click.echo(f"\n{text}" if shown else text)
                shown = text
            if not watch:
                return _TROUBLE if found.problems else 0
            await asyncio.sleep(PERIOD)


async def _report(reader: Reader, namespace: str, name: str) -> Report:
    reading = await reader.read(namespace, name)
    if wants_tenants(reading, _now()):
        await reader.read_tenants(reading)
    return report(reading, _now())


async def _status(target: Target, *, as_json: bool) -> int:
    async with _reader(target) as (reader, namespace):
        services = sorted(await reader.services(namespace), key=lambda each: (each.namespace, each.name))
    if as_json:
        click.echo(json.dumps(list(map(_entry, services)), ensure_ascii=False, indent=2))
    elif services:
        click.echo(_listing(services, everywhere=target.everywhere))
    else:
        click.echo(f"There is no {api.KIND} in {f'namespace {namespace}' if namespace else 'any namespace'}.")
    return _TROUBLE if any(each.status.get("problems") for each in services) else 0


def _listing(services: Sequence[Parent], *, everywhere: bool) -> str:
    heads = ("NAMESPACE", "NAME", "READY", "STATUS", "FOR") if everywhere else ("NAME", "READY", "STATUS", "FOR")
    rows = []
    for each in services:
        ready = conditions.find(each.status, conditions.READY)
        row = (each.name, each.status.get("ready", ""), ready.get("reason", ""), _since(ready))
        rows.append((each.namespace, *row) if everywhere else row)
    troubled = [
        f"{each.namespace}/{each.name}: {problem_text(worst['reason'], worst['message'], worst.get('remedy', ''))}"
        for each in services
        for worst in (each.status.get("problems") or ())[:1]
    ]
    return "\n\n".join([table("", heads, rows, most=None), *troubled])


def _entry(service: Parent) -> dict[str, object]:
    ready = conditions.find(service.status, conditions.READY)
    return {
        "namespace": service.namespace,
        "name": service.name,
        "ready": ready.get("status", "Unknown"),
        "reason": ready.get("reason", ""),
        "pods": service.status.get("ready", ""),
        "problems": service.status.get("problems") or [],
    }


def _since(ready: dict[str, str]) -> str:
    since = ready.get("lastTransitionTime", conditions.NEVER)
    return age(since, _now()) if since != conditions.NEVER else ""


@asynccontextmanager
async def _reader(target: Target) -> AsyncIterator[tuple[Reader, str | None]]:
    """A reader, and the namespace that is asked for: None for all."""
    namespace = None if target.everywhere else target.namespace or current_namespace(target.kubeconfig, target.context)
    client = Client(await load_access(target.kubeconfig, target.context))
    try:
        yield Reader(client), namespace
    finally:
        await client.close()


def _run(work: Coroutine[object, object, int]) -> int:
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        return 130
    except NotThere as error:
        click.echo(f"Error: {error}", err=True)
    except ApiError as error:
        missing = error.status == 404
        hint = " The CustomResourceDefinition is not installed: see docs/using.md." if missing else ""
        click.echo(f"Error: the API server answered {error.status}: {error}{hint}", err=True)
    except (ApiUnreachable, NoCredentials) as error:
        click.echo(f"Error: {error}", err=True)
    return _ERROR


def _text(found: Report) -> str:
    return report_text(found, _now(), shutil.get_terminal_size().columns, _paint())


def _paint() -> Paint:
    return _coloured if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else plain


def _coloured(text: str, colour: Colour) -> str:
    return click.style(text, fg=colour, bold=True)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
