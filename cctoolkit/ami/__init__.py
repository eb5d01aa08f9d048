"""The manager interface of Asterisk: bytes to messages, and the one client that speaks it."""
