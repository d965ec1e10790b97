"""`gatelens storage`, `gatelens rollup` and `gatelens migrate`."""
