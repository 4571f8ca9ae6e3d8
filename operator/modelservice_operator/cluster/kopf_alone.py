"""kopf without the `kubernetes` package.

Where that package is installed, kopf imports it to know its classes, none of which it meets here: 17 MiB of memory.
So kopf is imported as if the package were not there, which it allows for.

`Identity`, `requests` and `ResourceMemories` are parts of kopf that it does not export: look at them at each upgrade of
it.
"""

import sys
from typing import Final

__all__ = ["Identity", "ResourceMemories", "kopf", "requests"]

_PACKAGE: Final = "kubernetes"
_HIDDEN: Final = _PACKAGE not in sys.modules

if _HIDDEN:
    vars(sys)["modules"][_PACKAGE] = None
try:
    import kopf
    from kopf._cogs.clients import api as requests
    from kopf._core.engines.peering import Identity
    from kopf._core.reactor.inventory import ResourceMemories
finally:
    if _HIDDEN:
        del sys.modules[_PACKAGE]
