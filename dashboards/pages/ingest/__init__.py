"""The page Ingest."""
