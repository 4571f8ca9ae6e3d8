"""The shapes of names in Kubernetes, as RE2 patterns for the whole name."""

from typing import Final

DNS_LABEL: Final = "[a-z]([-a-z0-9]*[a-z0-9])?"
"""RFC 1035 label: the name of a Service. Its length is bounded apart."""

_DNS_PART: Final = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
DNS_SUBDOMAIN: Final = f"{_DNS_PART}([.]{_DNS_PART})*"
"""RFC 1123 subdomain: the name of most other objects. Its length is bounded apart."""
