"""The credentials of a person, or of a process outside of a pod: a kubeconfig, read by the `kubernetes` package.

The one module that imports it. It is imported itself when a kubeconfig is to be read, not before: the package takes
17 MiB and a tenth of a second.
"""

import os
from pathlib import Path

import yaml
from kubernetes.aio import config
from kubernetes.aio.client import ApiClient, Configuration

from modelservice_operator.cluster.access import Access
from modelservice_operator.cluster.errors import NoCredentials

_NO_MAP = (TypeError, AttributeError)
"""What the package raises on a file that holds something else than a map, such as nothing."""
_UNREADABLE = (config.ConfigException, OSError, ValueError, KeyError, yaml.YAMLError, *_NO_MAP)


async def access(files: str, context: str | None) -> Access:
    """To the cluster of a context, by default of the current one. `files` may be several, as in `KUBECONFIG`.

    Raises:
        NoCredentials: they cannot be read.
    """
    configuration = Configuration()
    configuration.disable_strict_ssl_verification = True  # see service_account.trusting
    try:
        await config.load_kube_config(config_file=files, context=context, client_configuration=configuration)
        client = ApiClient(configuration)
    except _UNREADABLE as error:
        raise _unreadable(error, files) from error

    async def authorization() -> str | None:
        headers: dict[str, str] = {}
        await client.update_params_for_auth(headers, [], ["BearerToken"], "", "GET", None)
        return headers.get("authorization")

    return Access(
        configuration.host,
        client.rest_client.ssl_context,
        authorization,
        server_name=configuration.tls_server_name,
        proxy=configuration.proxy,
    )


def namespace(files: str, context: str | None) -> str:
    """The namespace that a context sets, by default the current one; `default` where it sets none.

    Raises:
        NoCredentials: the kubeconfig cannot be read, or has no such context.
    """
    try:
        contexts, active = config.list_kube_config_contexts(files)
        wanted = context or active["name"]
        chosen = next(each for each in contexts if each["name"] == wanted)
    except StopIteration:
        raise NoCredentials(f"the kubeconfig has no context {context}") from None
    except _UNREADABLE as error:
        raise _unreadable(error, files) from error
    return str(chosen["context"].get("namespace") or "default")


def _unreadable(error: Exception, files: str) -> NoCredentials:
    if isinstance(error, _NO_MAP) and (odd := next(filter(_no_kubeconfig, files.split(os.pathsep)), None)):
        words = f"{odd} is empty or no kubeconfig: name another file with --kubeconfig or KUBECONFIG"
    else:
        words = " ".join(str(error).split())
    return NoCredentials(f"the credentials for the cluster cannot be read: {words}")


def _no_kubeconfig(file: str) -> bool:
    """The file holds something else than a map."""
    path = Path(file).expanduser()
    return path.is_file() and not isinstance(yaml.safe_load(path.read_text("utf-8")), dict)
