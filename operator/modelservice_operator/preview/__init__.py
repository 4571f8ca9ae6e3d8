"""What a change of a ModelService would do to its children, its pods and the devices that they hold. Pure."""
