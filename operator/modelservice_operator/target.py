"""The cluster that a command asks, named as kubectl names it, and what its failures mean for the exit code."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import click

from modelservice_operator.cluster.client import Client
from modelservice_operator.cluster.credentials import current_namespace, load_access
from modelservice_operator.cluster.errors import ApiError, ApiUnreachable, InvalidName, NoCredentials

ERROR: Final = 2
INTERRUPTED: Final = 130
_HINTS: Final = {
    403: " Whoever has the cluster's role view in the namespace may read ModelServices: see docs/install.md.",
    404: " The CustomResourceDefinition is not installed: see docs/install.md.",
}


@dataclass(frozen=True, slots=True)
class Target:
    """Which cluster, and which namespace of it."""

    kubeconfig: str | None = None
    context: str | None = None
    namespace: str | None = None
    """None: that of the context."""
    everywhere: bool = False
    """All namespaces, whatever `namespace` says."""


@asynccontextmanager
async def connected(target: Target) -> AsyncIterator[tuple[Client, str | None]]:
    """A client, and the namespace that is asked for: None for all.

    Raises:
        NoCredentials: which cluster, or as whom, is not known.
    """
    namespace = None if target.everywhere else target.namespace or current_namespace(target.kubeconfig, target.context)
    client = Client(await load_access(target.kubeconfig, target.context))
    try:
        yield client, namespace
    finally:
        await client.close()


def run(work: Coroutine[object, object, int]) -> int:
    """Do it, and return its exit code; what keeps it from the cluster is told, and is 2."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        return INTERRUPTED
    except ApiError as error:
        answer = str(error).rstrip(".")
        click.echo(f"Error: the API server answered {answer}.{_HINTS.get(error.status, '')}", err=True)
    except ApiUnreachable as error:
        click.echo(f"Error: the API server does not answer; does kubectl get an answer? {error}", err=True)
    except (InvalidName, NoCredentials) as error:
        click.echo(f"Error: {error}", err=True)
    return ERROR
