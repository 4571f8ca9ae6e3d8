"""What should exist for a ModelService: pure builders, one per child kind."""
