"""One Asterisk: what to ask it (`facts`), what it says (`snapshot`), how files reach it (`transports`)."""
