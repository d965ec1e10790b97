"""Why people are not answered."""

from storage.errors import StoreError


class QueryQueueFull(StoreError):
    """Too many queries run and wait; the same query may run later."""
