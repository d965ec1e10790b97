"""`gatelens replay`."""
