"""Silences: which alerts are muted, from when to when, why, and by whom."""

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from processors.alerts.routing.matchers import Matcher, all_match, show_matchers
from processors.alerts.routing.time_intervals import TimeInterval
from processors.errors import InvalidSilence
from processors.time.expression import FIRST_YEAR, LAST_YEAR
from storage.untrusted_text import is_text

# Every reader of the page of alerts is shown all of them.
_MOST_TEXT, _MOST_PARTS = 10_000, 200
# It stands in addresses.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


class SilenceState(StrEnum):
    """Where a silence is; Alertmanager's words."""

    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Silence:
    """Mutes alerts that meet all matchers between two moments, or at recurring times between them."""

    id: str
    matchers: tuple[Matcher, ...]
    starts_at: datetime
    # None for one that recurs without an end.
    ends_at: datetime | None
    created_by: str
    comment: str
    # The times at which it holds; none for all of the time.
    intervals: tuple[TimeInterval, ...] = ()

    def state(self, now: datetime) -> SilenceState:
        """Where it is as a whole; a recurring one is active between its recurrences too."""
        if self.ends_at is not None and now >= self.ends_at:
            return SilenceState.EXPIRED
        return SilenceState.ACTIVE if now >= self.starts_at else SilenceState.PENDING

    def holds(self, now: datetime) -> bool:
        """Whether it mutes alerts at this moment."""
        is_active = self.state(now) is SilenceState.ACTIVE
        return is_active and (not self.intervals or any(interval.contains(now) for interval in self.intervals))

    def mutes(self, labels: Mapping[str, str], now: datetime) -> bool:
        return self.holds(now) and all_match(self.matchers, labels)

    def expired(self, now: datetime) -> "Silence":
        """The silence, ended at this moment."""
        return replace(self, starts_at=min(self.starts_at, now), ends_at=now)


def new_silence(
    matchers: Iterable[Matcher],
    starts_at: datetime,
    ends_at: datetime | None,
    created_by: str,
    comment: str,
    intervals: Iterable[TimeInterval] = (),
    identity: str = "",
) -> Silence:
    """A checked silence; raises InvalidSilence with the cure."""
    silence = Silence(
        identity or str(uuid.uuid4()), tuple(matchers), starts_at, ends_at, created_by.strip(), comment.strip(),
        tuple(intervals),
    )  # fmt: skip
    # As Alertmanager has it: an alert without any labels must not meet them.
    if all(matcher.matches({}) for matcher in silence.matchers):
        shown = show_matchers(silence.matchers)
        raise InvalidSilence(f'{shown} would silence every alert; name a label that must be there, as api="orders".')
    if silence.ends_at is None and not silence.intervals:
        raise InvalidSilence("The silence has no end; give one, as endsAt or as a duration such as 2h.")
    for moment in (silence.starts_at, silence.ends_at):
        if moment is not None and not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise InvalidSilence(f"A silence starts and ends within the years {FIRST_YEAR} to {LAST_YEAR}.")
    if silence.ends_at is not None and silence.ends_at <= silence.starts_at:
        raise InvalidSilence("The silence ends before it starts; give a later end.")
    for value, name, example in (
        (silence.created_by, "who asks for it", "ada"),
        (silence.comment, "a reason", "maintenance of the database until 6"),
    ):
        if not value:
            raise InvalidSilence(f"The silence lacks {name}; write it, as in {example!r}.")
        if len(value) > _MOST_TEXT or not is_text(value):
            raise InvalidSilence(f"What the silence says as {name} is too long or no Unicode text; write it shorter.")
    if not _ID.fullmatch(silence.id):
        raise InvalidSilence(
            "A silence's id has up to 100 letters, digits and any of _ - .; leave it out for a new one."
        )
    if max(len(silence.matchers), len(silence.intervals)) > _MOST_PARTS:
        raise InvalidSilence(f"A silence has at most {_MOST_PARTS} matchers and intervals; make several.")
    return silence
