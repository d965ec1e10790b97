"""Whole logs in: unpacked, cut into blocks, sorted by format, each block stored once however often it comes."""
