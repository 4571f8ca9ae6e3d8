"""The API `modelservice.dev/v1alpha1`: pydantic models of spec and status, and the CRD that is generated from them."""

GROUP = "modelservice.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
KIND = "ModelService"
PLURAL = "modelservices"
