"""Why the one process does not start."""

from storage.errors import GatelensError


class DataDirectoryBusy(GatelensError):
    """Another process owns the data directory."""
