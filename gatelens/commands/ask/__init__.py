"""`gatelens ask`."""
