"""Which cluster to talk to, and as whom."""

import os
from pathlib import Path

import yaml
from kubernetes.aio import config
from kubernetes.aio.client import Configuration

from modelservice_operator.cluster.errors import NoCredentials


async def load_configuration(kubeconfig: str | None = None, context: str | None = None) -> Configuration:
    """Credentials of the pod that we run in or, outside of one, of a kubeconfig (`KUBECONFIG` when none is named).

    Raises:
        NoCredentials: there are none, or they cannot be read.
    """
    configuration = Configuration()
    files = kubeconfig or os.environ.get("KUBECONFIG")
    try:
        if files is None and context is None and "KUBERNETES_SERVICE_HOST" in os.environ:
            config.load_incluster_config(client_configuration=configuration)
        else:
            files = files or str(Path.home() / ".kube" / "config")
            _must_exist(files)
            await config.load_kube_config(config_file=files, context=context, client_configuration=configuration)
    except (config.ConfigException, OSError, ValueError, TypeError, KeyError, yaml.YAMLError) as error:
        words = " ".join(str(error).split())
        raise NoCredentials(f"the credentials for the cluster cannot be read: {words}") from error
    return configuration


def _must_exist(files: str) -> None:
    if not any(Path(file).expanduser().is_file() for file in files.split(os.pathsep)):
        raise NoCredentials(f"there is no kubeconfig {files}: name one with --kubeconfig or KUBECONFIG")
