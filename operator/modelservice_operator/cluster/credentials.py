"""Which cluster to talk to, and as whom."""

import os
from pathlib import Path
from typing import Final

import yaml
from kubernetes.aio import config
from kubernetes.aio.client import Configuration

from modelservice_operator.cluster.errors import NoCredentials

_OWN_NAMESPACE: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


async def load_configuration(kubeconfig: str | None = None, context: str | None = None) -> Configuration:
    """Credentials of the pod that we run in or, outside of one, of a kubeconfig (`KUBECONFIG` when none is named).

    Raises:
        NoCredentials: there are none, or they cannot be read.
    """
    configuration = Configuration()
    files = kubeconfig or os.environ.get("KUBECONFIG") or None
    try:
        if files is None and context is None and "KUBERNETES_SERVICE_HOST" in os.environ:
            config.load_incluster_config(client_configuration=configuration)
        else:
            files = files or str(Path.home() / ".kube" / "config")
            _must_exist(files)
            await config.load_kube_config(config_file=files, context=context, client_configuration=configuration)
    except (config.ConfigException, OSError, ValueError, TypeError, KeyError, yaml.YAMLError) as error:
        raise _unreadable(error) from error
    return configuration


def _must_exist(files: str) -> None:
    if not any(Path(file).expanduser().is_file() for file in files.split(os.pathsep)):
        raise NoCredentials(f"there is no kubeconfig {files}: name one with --kubeconfig or KUBECONFIG")


def current_namespace(kubeconfig: str | None = None, context: str | None = None) -> str:
    """The namespace that a kubeconfig sets for a context, or that of the pod that we run in; `default` without one.

    Raises:
        NoCredentials: the kubeconfig cannot be read, or has no such context.
    """
    files = kubeconfig or os.environ.get("KUBECONFIG") or None
    if files is None and context is None and _OWN_NAMESPACE.is_file():
        return _OWN_NAMESPACE.read_text("utf-8").strip()
    files = files or str(Path.home() / ".kube" / "config")
    _must_exist(files)
    try:
        contexts, active = config.list_kube_config_contexts(files)
        wanted = context or active["name"]
        chosen = next(each for each in contexts if each["name"] == wanted)
    except StopIteration:
        raise NoCredentials(f"the kubeconfig has no context {context}") from None
    except (config.ConfigException, OSError, ValueError, TypeError, KeyError, yaml.YAMLError) as error:
        raise _unreadable(error) from error
    return str(chosen["context"].get("namespace") or "default")


def _unreadable(error: Exception) -> NoCredentials:
    words = " ".join(str(error).split())
    return NoCredentials(f"the credentials for the cluster cannot be read: {words}")
