"""Callers' messages on a node: what the switch left (`spool`), what became of each (`notes`), and the way out by mail
(`letter`, `relay`, `sender`).
"""
