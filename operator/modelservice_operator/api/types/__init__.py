"""Types of Kubernetes' own that stand in a spec."""
