"""The operator's image, built and looked at where no registry can be reached.

`build_operator_image(tar, name)` is the whole of it for a test that wants to run the image; `python -m localimage` does
the same on the command line.
"""

from localimage.build import build_operator_image
from localimage.buildah import BuilderMissingError

__all__ = ["BuilderMissingError", "build_operator_image"]
