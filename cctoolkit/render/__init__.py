"""Graph and model to configuration text: pure, the same bytes for the same spec."""
