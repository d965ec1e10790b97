"""`gatelens demo`."""
