"""The accelerators: what the devices of each vendor are called in a cluster. Data, and how they are read."""
