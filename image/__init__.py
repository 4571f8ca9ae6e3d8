"""What makes the operator's image, and tells what is in it: `make image` and `make sbom`. The Dockerfile lies above."""
