"""`gatelens names`."""
