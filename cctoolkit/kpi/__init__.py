"""Figures: `interval` cuts time, `metrics` says what is computed, `query` computes it from the store.

Nothing heavy is imported before a figure is asked for.
"""
