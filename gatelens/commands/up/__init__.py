"""`gatelens up`."""
