"""Performs a plan: stage, flip, reload, read back, and put back when the switch did not take it."""
