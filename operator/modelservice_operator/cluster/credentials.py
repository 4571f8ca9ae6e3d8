"""Which cluster to talk to, and as whom: the pod's own credentials, or a kubeconfig."""

import os
from pathlib import Path

from modelservice_operator.cluster import service_account
from modelservice_operator.cluster.access import Access
from modelservice_operator.cluster.errors import NoCredentials


async def load_access(kubeconfig: str | None = None, context: str | None = None) -> Access:
    """Credentials of the pod that we run in or, outside of one, of a kubeconfig (`KUBECONFIG` when none is named).

    Raises:
        NoCredentials: there are none, or they cannot be read.
    """
    named = kubeconfig or os.environ.get("KUBECONFIG") or None
    if named is None and context is None and service_account.HOST in os.environ:
        return service_account.access(os.environ, service_account.DIRECTORY)
    from modelservice_operator.cluster import kubeconfig as files  # it costs memory and time

    return await files.access(_existing(named), context)


def current_namespace(kubeconfig: str | None = None, context: str | None = None) -> str:
    """The namespace that a kubeconfig sets for a context, or that of the pod that we run in; `default` without one.

    Raises:
        NoCredentials: the kubeconfig cannot be read, or has no such context.
    """
    named = kubeconfig or os.environ.get("KUBECONFIG") or None
    own = service_account.namespace(service_account.DIRECTORY)
    if named is None and context is None and own is not None:
        return own
    from modelservice_operator.cluster import kubeconfig as files  # it costs memory and time

    return files.namespace(_existing(named), context)


def _existing(named: str | None) -> str:
    files = named or str(Path.home() / ".kube" / "config")
    if not any(Path(file).expanduser().is_file() for file in files.split(os.pathsep)):
        raise NoCredentials(f"there is no kubeconfig {files}: name one with --kubeconfig or KUBECONFIG")
    return files
