"""`gatelens simulate`."""
