"""`gatelens import`."""
