"""What engines, their libraries and the system print when they give up: one YAML file each, rows of data."""
