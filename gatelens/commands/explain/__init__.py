"""`gatelens explain`."""
