"""`gatelens admin` and `gatelens token`."""
