"""`gatelens formats`."""
