"""Log files as they grow: found, read block by block, each byte handed over once however often we are stopped."""
