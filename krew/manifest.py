"""The manifest: what Krew reads to download and install the plugin. Its fields are those of Krew's developer guide."""

import re
from collections.abc import Mapping
from typing import Final

from modelservice_operator.documents import write_documents
from modelservice_operator.manifest import Manifest

NAME: Final = "modelservice"
VERSION: Final = re.compile(r"v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")
"""A semantic version with a leading v, as Krew demands."""

_DESCRIPTION: Final = """\
Says how the ModelServices of a cluster are doing and why one does not serve, what a change of one would do to its pods
and accelerators before it is applied, and what is wrong with a file, without a cluster.
"""
_CAVEATS: Final = """\
Needs Python {python} in the PATH; on Linux, glibc 2.28 or newer.
For completion, link kubectl_complete-modelservice, which lies beside the program, into a directory of the PATH.
"""

_ARCHIVE: Final = re.compile(rf"{NAME}-(?P<version>v.+)-(?P<os>[a-z]+)-(?P<arch>[a-z0-9]+)\.tar\.gz")


def archive_name(version: str, system: str, architecture: str) -> str:
    """The file name of the archive for a platform."""
    return f"{NAME}-{version}-{system}-{architecture}.tar.gz"


def manifest(version: str, url: str, python: str, archives: Mapping[str, str], homepage: str = "") -> str:
    """The YAML of the manifest for these archives, by file name their SHA-256; `url` is the directory they are in."""
    spec: Manifest = {
        "version": version,
        **({"homepage": homepage} if homepage else {}),
        "shortDescription": "Explain, plan and check ModelServices",
        "description": _DESCRIPTION,
        "caveats": _CAVEATS.format(python=python),
        "platforms": [_platform(name, f"{url.rstrip('/')}/{name}", archives[name]) for name in sorted(archives)],
    }
    head = {"apiVersion": "krew.googlecontainertools.github.com/v1alpha2", "kind": "Plugin", "metadata": {"name": NAME}}
    return write_documents([{**head, "spec": spec}])


def is_archive(name: str, version: str) -> bool:
    """A file is called as an archive of this version is."""
    found = _ARCHIVE.fullmatch(name)
    return found is not None and found["version"] == version


def _platform(name: str, uri: str, digest: str) -> Manifest:
    found = _ARCHIVE.fullmatch(name)
    if found is None:
        raise ValueError(f"{name} is not called as an archive is")
    return {
        "selector": {"matchLabels": {"os": found["os"], "arch": found["arch"]}},
        "uri": uri,
        "sha256": digest,
        "bin": f"kubectl-{NAME}",
    }
