"""`python -m krew --version v1.2.3 --url https://downloads.example.com/modelservice`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from krew.archive import PYTHON, UnknownPlatform, build, sha256, this_platform
from krew.manifest import NAME, VERSION, archive_name, is_archive, manifest
from modelservice_operator import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the archive of this platform, and write the manifest for all archives of the version that lie beside it."""
    parser = argparse.ArgumentParser(prog="python -m krew", description=main.__doc__)
    parser.add_argument("--version", required=True, help="of the plugin, such as v1.2.3")
    parser.add_argument("--url", required=True, help="directory from which the archives will be downloaded")
    parser.add_argument("--homepage", default="", help="of the project; Krew's own index demands one")
    parser.add_argument("--output", type=Path, default=Path("dist/krew"), help="default: %(default)s")
    given = parser.parse_args(arguments)
    if not VERSION.fullmatch(given.version):
        parser.error(f"--version must be a semantic version with a leading v, such as v1.2.3, not {given.version!r}")
    if given.version != f"v{__version__}":
        parser.error(
            f"--version must be v{__version__}, as that is what this source says of itself, not {given.version}: set "
            "__version__ in operator/modelservice_operator/__init__.py first"
        )
    if not given.url.startswith("https://"):
        parser.error(f"--url must begin with https://, not be {given.url!r}")
    try:
        archive = given.output / archive_name(given.version, *this_platform())
    except UnknownPlatform as error:
        sys.stderr.write(f"Error: {error}\n")
        return 2
    build(archive)
    found = {path.name: sha256(path) for path in given.output.iterdir() if is_archive(path.name, given.version)}
    text = manifest(given.version, given.url, PYTHON, found, given.homepage)
    (given.output / f"{NAME}.yaml").write_text(text, "utf-8")
    sys.stdout.write(f"Wrote {archive} and {given.output / NAME}.yaml, for {', '.join(sorted(found))}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
