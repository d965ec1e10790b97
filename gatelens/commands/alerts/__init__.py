"""`gatelens alerts`."""
