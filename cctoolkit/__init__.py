"""Contact-centre projects as code for Asterisk."""

__version__ = "0.1.0"
