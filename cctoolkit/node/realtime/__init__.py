"""A node's store where only AMI reaches it: a SQLite file that Asterisk itself reads its configuration from."""
