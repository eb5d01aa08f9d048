"""The use cases, in the order data walks: the one place that wires rooms together and resolves secrets."""
