"""`gatelens compare`."""
