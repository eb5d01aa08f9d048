"""What a node is, wherever it was read: wanted text, files on disk, or the switch's memory."""
