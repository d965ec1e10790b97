"""Moments as the store gives them."""

from datetime import UTC, datetime


def utc(moment: datetime) -> datetime:
    """The client gives moments in UTC without saying so."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def known(moment: datetime | None) -> datetime | None:
    """The same of a moment that may be unknown."""
    return None if moment is None else utc(moment)
