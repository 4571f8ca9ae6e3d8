"""The ModelService operator: one Kubernetes object becomes a running model service."""

__version__ = "0.1.0"
