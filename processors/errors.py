"""What is worked out from the tables, and cannot be."""

from storage.errors import GatelensError


class InvalidReport(GatelensError):
    """A report was asked for that cannot be made; the message tells what there is to ask for."""
