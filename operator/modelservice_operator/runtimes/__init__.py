"""Model servers as data: one YAML file per built-in runtime."""
