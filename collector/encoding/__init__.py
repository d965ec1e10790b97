"""Bytes of wire formats, without I/O."""
