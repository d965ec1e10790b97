"""`gatelens query`."""
