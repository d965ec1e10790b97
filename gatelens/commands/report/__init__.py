"""`gatelens report`."""
