"""The frame around every page, and the one request that keeps it up to date."""
