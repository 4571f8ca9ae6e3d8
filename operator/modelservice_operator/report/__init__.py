"""What a person is told who asks about a ModelService on the command line."""
