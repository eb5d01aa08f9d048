"""Events into call records: the journal first, then a pure fold over what was parsed."""
