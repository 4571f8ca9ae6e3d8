"""Everything that talks to the cluster or listens to it, and the store and queue in between."""
