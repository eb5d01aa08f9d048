"""A connection to a node by ssh, and what works at its other end: a shell that reads requests (`session.sh`)."""
