"""Holds a node against the spec: its memory, and where test calls really go."""
