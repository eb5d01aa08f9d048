"""Prepares a node once for what `apply` brings: includes, accounts, settings and folders, and no more than these.

`text` edits one file of Asterisk's, `needs` says what must stand where, `accounts` are AMI's, `place` is how the files
are reached. The lab's nodes are prepared by the same code.
"""
