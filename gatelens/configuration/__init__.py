"""The configuration: read, checked, and shown."""
