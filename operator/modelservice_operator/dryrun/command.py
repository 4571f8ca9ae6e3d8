"""`modelservice plan`: what a change would do, before it is made."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import click

from modelservice_operator import api
from modelservice_operator.around import around
from modelservice_operator.cluster.client import Client
from modelservice_operator.cluster.errors import ApiError, is_absence
from modelservice_operator.dryrun.files import read_files
from modelservice_operator.dryrun.server import Applying, Refused, Server
from modelservice_operator.manifest import Manifest
from modelservice_operator.preview.machine import as_json as outlook_json
from modelservice_operator.preview.outlook import Outlook, outlook
from modelservice_operator.preview.secrets import told
from modelservice_operator.preview.text import outlook_text
from modelservice_operator.runtimes.catalogue import builtin
from modelservice_operator.target import ERROR, Target, connected, run
from modelservice_operator.terminal import paint
from modelservice_operator.validate.kind import NONE_OF_OURS

_CHANGES: Final = 1


@dataclass(frozen=True, slots=True)
class _Failure:
    """A ModelService of which nothing can be said but why."""

    namespace: str
    name: str
    message: str

    def as_json(self) -> Manifest:
        return {"namespace": self.namespace, "name": self.name, "error": self.message}


def plan(target: Target, names: Sequence[str], applying: Applying, *, as_json: bool) -> int:
    """Print what would follow from applying the files; returns 0 for nothing, 1 for changes and problems, 2 for errors.

    `names` are those of files and directories, or `-`.
    """
    return run(_plan(target, names, applying, as_json=as_json))


async def _plan(target: Target, names: Sequence[str], applying: Applying, *, as_json: bool) -> int:
    async with connected(target) as (client, namespace):
        given = read_files(names, target.namespace, namespace or "default")
        server = Server(client, applying)
        found = [await _look(client, server, service) for service in given.services]
    for remark in given.remarks:
        click.echo(remark, err=True)
    outlooks = [each for each in found if isinstance(each, Outlook)]
    failures = [each for each in found if isinstance(each, _Failure)]
    if as_json:
        entries = [outlook_json(each) if isinstance(each, Outlook) else each.as_json() for each in found]
        click.echo(json.dumps(entries, ensure_ascii=False, indent=2))
    elif outlooks:
        width, painter = shutil.get_terminal_size().columns, paint()
        click.echo("\n\n".join(outlook_text(each, width, painter) for each in outlooks))
    elif not failures and not given.errors:
        click.echo(NONE_OF_OURS, err=True)
    for error in given.errors:
        click.echo(f"Error: {error}", err=True)
    for failure in failures:
        click.echo(f"Error: {api.KIND} {failure.namespace}/{failure.name}: {failure.message}", err=True)
    if failures or given.errors:
        return ERROR
    return _CHANGES if any(each.changes or each.problems for each in outlooks) else 0


async def _look(client: Client, server: Server, given: Manifest) -> Outlook | _Failure:
    """What would become of one ModelService.

    Raises:
        ApiError: the kind is not served.
        ApiUnreachable: there is no answer.
    """
    namespace, name = given["metadata"]["namespace"], given["metadata"]["name"]
    live: Manifest | None = None
    try:
        live = await server.live(given)
        wanted, remark = await server.applied(given, live)
        there, unread = await around(client, namespace, name)
        found = await server.judged(outlook(live, wanted, there, builtin()))
    except Refused as refusal:
        return _Failure(namespace, name, f"the API server refuses it: {told(str(refusal), (given, live))}")
    except ApiError as error:
        if error.status == 404 and not is_absence(error):
            raise
        return _Failure(namespace, name, f"the API server answered {told(str(error), (given, live))}")
    return replace(found, notes=(*filter(None, (remark,)), *unread, *found.notes))
