"""JSON records of anything."""
