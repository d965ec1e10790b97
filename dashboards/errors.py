"""Why people are not answered."""

from storage.errors import GatelensError, StoreError


class WriteNotAllowed(GatelensError):
    """Who asks may look, and not change anything."""


class QueryQueueFull(StoreError):
    """Too many queries run and wait; the same query may run later."""


class InvalidSharedLink(GatelensError):
    """A page cannot be shared as asked."""


class NotShared(GatelensError):
    """A view-only link does not show what is asked for."""


class NothingToUndo(GatelensError):
    """A change cannot be taken back any more."""


class NoSuchPanel(GatelensError):
    """A panel was asked for that the page has not."""


class ReceiverRefused(GatelensError):
    """A receiver did not take its test; the message says by which channel, and why."""
