"""The commands that ask a cluster: what there is, and why it is not as it should be."""

import asyncio
import json
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final

import click

from modelservice_operator import api, conditions
from modelservice_operator.cluster.errors import ApiError, ApiUnreachable, InvalidName, NoCredentials
from modelservice_operator.records.parent import Parent
from modelservice_operator.report.problems import problem_text
from modelservice_operator.report.reading import NotThere, Reader
from modelservice_operator.report.report import Report, is_short, report, with_devices
from modelservice_operator.report.text import report_text, table
from modelservice_operator.report.trouble import Trouble
from modelservice_operator.report.unseen import STATUS_OUTDATED, unjudged
from modelservice_operator.report.words import age
from modelservice_operator.target import ERROR, Target, connected, run
from modelservice_operator.terminal import paint

PERIOD: Final = 2.0
"""Seconds between two looks of `--watch`."""
LAG: Final = 1.5
"""Seconds that a status may lie behind while the operator works: it writes one about once a second."""
PATIENCE: Final = 3.0
"""Seconds that someone waits for names after having pressed a key."""

_TROUBLE: Final = 1


def explain(target: Target, name: str, *, as_json: bool, watch: bool) -> int:
    """Print the report on one ModelService; returns 0 if all is well, 1 for problems, 2 if it cannot be read."""
    return run(_explain(target, name, as_json=as_json, watch=watch))


def status(target: Target, *, as_json: bool) -> int:
    """Print a line for each ModelService and its worst problem; exits as `explain` does."""
    return run(_status(target, as_json=as_json))


def names(target: Target) -> list[str]:
    """The names of the ModelServices of a namespace, for a shell to offer; none where they cannot be read at once."""
    with suppress(ApiError, ApiUnreachable, InvalidName, NoCredentials, TimeoutError):
        return asyncio.run(asyncio.wait_for(_names(target), PATIENCE))
    return []


async def _names(target: Target) -> list[str]:
    async with connected(target) as (client, namespace):
        return [each.name for each in await Reader(client).services(namespace)]


async def _explain(target: Target, name: str, *, as_json: bool, watch: bool) -> int:
    async with connected(target) as (client, namespace):
        shown = ""
        while True:
            try:
                found = await _report(Reader(client), namespace or "default", name)
            except NotThere as error:
                click.echo(f"Error: {error}", err=True)
                return ERROR
            text = json.dumps(found.as_json(), ensure_ascii=False, indent=2) if as_json else _text(found)
            if text != shown:
                click.echo(f"\n{text}" if shown else text)
                shown = text
            if not watch:
                return _TROUBLE if found.problems else 0
            await asyncio.sleep(PERIOD)


async def _report(reader: Reader, namespace: str, name: str) -> Report:
    reading = await reader.read(namespace, name)
    found = report(reading, _now())
    if found.reason == STATUS_OUTDATED:
        await asyncio.sleep(LAG)
        reading = await reader.read(namespace, name)
        found = report(reading, _now())
    if not is_short(found):
        return found
    await reader.read_tenants(reading)
    return with_devices(found, reading)


async def _status(target: Target, *, as_json: bool) -> int:
    async with connected(target) as (client, namespace):
        services = await _services(Reader(client), namespace)
    if as_json:
        click.echo(json.dumps(list(map(_entry, services)), ensure_ascii=False, indent=2))
    elif services:
        click.echo(_listing(services, everywhere=target.everywhere))
    else:
        click.echo(f"There is no {api.KIND} in {f'namespace {namespace}' if namespace else 'any namespace'}.")
    return _exit_code(services)


def _exit_code(services: Sequence[Parent]) -> int:
    return _TROUBLE if any(_problems(each) for each in services if not each.deleting) else 0


async def _services(reader: Reader, namespace: str | None) -> list[Parent]:
    """Sorted; looked at twice where a status lies behind."""
    services = await reader.services(namespace)
    if any(first.reason == STATUS_OUTDATED for first in filter(None, map(unjudged, services))):
        await asyncio.sleep(LAG)
        services = await reader.services(namespace)
    return sorted(services, key=lambda each: (each.namespace, each.name))


def _listing(services: Sequence[Parent], *, everywhere: bool) -> str:
    heads = ("NAMESPACE", "NAME", "READY", "STATUS", "FOR") if everywhere else ("NAME", "READY", "STATUS", "FOR")
    rows = []
    for each in services:
        _, reason, since = _ready(each)
        row = (each.name, each.status.get("ready", ""), reason, age(since, _now()))
        rows.append((each.namespace, *row) if everywhere else row)
    troubled = [
        f"{each.namespace}/{each.name}: {problem_text(worst.reason, worst.message, worst.remedy)}"
        for each in services
        for worst in _problems(each)[:1]
    ]
    return "\n\n".join([table("", heads, rows, most=None), *troubled])


def _entry(service: Parent) -> dict[str, object]:
    ready, reason, _ = _ready(service)
    return {
        "namespace": service.namespace,
        "name": service.name,
        "ready": ready,
        "reason": reason,
        "pods": service.status.get("ready", ""),
        "problems": [asdict(problem) for problem in _problems(service)],
    }


def _ready(service: Parent) -> tuple[str, str, str]:
    """The condition Ready: its status, its reason, and since when; what stands in its way where it is not of now."""
    if first := unjudged(service):
        return "Unknown", first.reason, first.since
    ready = conditions.find(service.status, conditions.READY)
    return ready.get("status", "Unknown"), ready.get("reason", ""), ready.get("lastTransitionTime", "")


def _problems(service: Parent) -> list[Trouble]:
    told = map(Trouble.told, service.status.get("problems") or ())
    return [*filter(None, (unjudged(service),)), *told]


def _text(found: Report) -> str:
    return report_text(found, _now(), shutil.get_terminal_size().columns, paint())


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
