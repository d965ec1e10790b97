"""Where a time axis is labelled: at round times of the reader's zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from processors.time.window import Window

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_MOST = 14
_STEPS = (
    *(minutes * _MINUTE for minutes in (1, 2, 5, 10, 15, 30)),
    *(hours * _HOUR for hours in (1, 2, 3, 6, 12)),
    *(days * _DAY for days in (1, 2, 7, 14)),
)


def time_ticks(window: Window, zone: ZoneInfo) -> tuple[list[int], list[str]]:
    """Places in milliseconds since the epoch, and their labels."""
    step = next((step for step in _STEPS if window.length / step <= _MOST), None)
    found = _months(window, zone) if step is None else _regular(window, zone, step)
    ticks = [at for at in found if window.start <= at < window.end]
    return [int(at.timestamp() * 1000) for at in ticks], [_label(at, step, zone) for at in ticks]


def _regular(window: Window, zone: ZoneInfo, step: timedelta) -> list[datetime]:
    """Counted from the local midnight of each day, so that they stay round where clocks are put back."""
    midnight = window.start.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    if step >= _DAY:
        # Weeks begin on a Monday.
        day = midnight.replace(tzinfo=None)
        days = step // _DAY
        day -= timedelta(days=(day - datetime(2024, 1, 1)).days % days)
        return [
            (day + timedelta(days=days * number)).replace(tzinfo=zone).astimezone(UTC)
            for number in range(window.length // step + 2)
        ]
    found = []
    for number_of_day in range(window.length // _DAY + 3):
        start = midnight.replace(tzinfo=None) + timedelta(days=number_of_day)
        found += [(start + step * number).replace(tzinfo=zone).astimezone(UTC) for number in range(_DAY // step)]
    return found


def _months(window: Window, zone: ZoneInfo) -> list[datetime]:
    """Beginnings of months, of quarters, halves or whole years where there would be too many; January is among them."""
    first, last = window.start.astimezone(zone), window.end.astimezone(zone)
    count = (last.year - first.year) * 12 + last.month - first.month
    every = next((months for months in (1, 3, 6, 12) if count / months <= _MOST), 12 * (count // (12 * _MOST) + 1))
    found = []
    for month in range(first.year * 12, last.year * 12 + last.month, every):
        year, index = divmod(month, 12)
        found.append(datetime(year, index + 1, 1, tzinfo=zone).astimezone(UTC))
    return found


def _label(at: datetime, step: timedelta | None, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    if step is None:
        return f"{local:%b %Y}"
    return f"{local.day} {local:%b}" if step >= _DAY or (local.hour, local.minute) == (0, 0) else f"{local:%H:%M}"
