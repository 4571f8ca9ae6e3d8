"""The operator's image as a file: `python -m localimage OUT.tar` for a node, without a registry."""

import argparse
import sys
from pathlib import Path

from localimage.build import NAME, build_operator_image
from localimage.buildah import BuilderMissingError


def main() -> int:
    """Run the command; the exit code."""
    parser = argparse.ArgumentParser(prog="localimage", description=__doc__)
    parser.add_argument("tar", type=Path, metavar="OUT.tar")
    parser.add_argument("--name", default=NAME, help="default: %(default)s")
    parser.add_argument("--python", type=Path, help="what the base image is made of; default: this one")
    arguments = parser.parse_args()
    try:
        sys.stdout.write(f"{build_operator_image(arguments.tar, arguments.name, arguments.python)}\n")
    except BuilderMissingError as error:
        sys.stderr.write(f"No image was built. {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
