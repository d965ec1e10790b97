"""Acknowledgements: somebody has seen an alert and owns it, so that its notification is not repeated."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Acknowledgement:
    """Who has taken an alert, from when on, and what they say; it ends with the alert."""

    rule: str
    fingerprint: str
    # Of the alert; when it fires again, it is another one.
    fired_at: datetime
    owner: str
    note: str
    acknowledged_at: datetime
