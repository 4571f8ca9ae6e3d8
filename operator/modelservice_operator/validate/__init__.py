"""Judges ModelServices in files as the API server would, with the CRD's own schema and rules, without a cluster."""
