"""The command as a plugin that Krew installs: `python -m krew` builds an archive for this platform and the manifest."""
