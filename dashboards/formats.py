"""Figures as people read them. The tables' twins are in assets/dashAgGridFunctions.js."""

from datetime import datetime, timedelta

NOTHING = "–"
_THOUSANDS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def count(value: float) -> str:
    """1 234 as '1,234', 1 234 567 as '1.23M'."""
    if abs(value) < 100_000:
        return f"{value:,.0f}"
    return next(f"{value / size:.3g}{letter}" for size, letter in _THOUSANDS if abs(value) >= size)


def rate(per_second: float) -> str:
    """Requests per second."""
    digits = 0 if per_second >= 100 else 1 if per_second >= 10 else 2
    return f"{per_second:,.{digits}f}/s"


def share(value: float | None) -> str:
    """A share of 1 as a percentage; a share above 0 is never shown as 0."""
    if value is None:
        return NOTHING
    if 0 < value < 0.0001:
        return "<0.01%"
    return f"{value:.2%}" if value < 0.1 else f"{value:.1%}"


def milliseconds(value: float | None) -> str:
    """43.8 µs, 0.12 ms, 12.3 ms, 123 ms, 1.23 s."""
    if value is None:
        return NOTHING
    if 0 < value < 0.1:
        return f"{value * 1000:.3g} µs"
    if value >= 1000:
        return f"{value / 1000:.3g} s"
    return f"{value:.3g} ms"


def size(value: float) -> str:
    """Bytes, by powers of 1 000."""
    if abs(value) < 1000:
        return f"{value:.0f} B"
    return next(f"{value / unit:.3g} {letter}B" for unit, letter in _THOUSANDS if abs(value) >= unit)


def change(current: float, previous: float) -> str:
    """How much more or less than before, e.g. '+12%'."""
    relative = current / previous - 1
    return f"{relative:+.0%}" if abs(relative) < 10 else f"{relative + 1:.0f}×"


def span(length: timedelta) -> str:
    """A length of time in its largest fitting units, e.g. '1 d 6 h'."""
    minutes = int(length.total_seconds() // 60)
    parts = [(minutes // 1440, "d"), (minutes % 1440 // 60, "h"), (minutes % 60, "min")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 min"


def moment(at: datetime) -> str:
    """A time of day with its date, UTC."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def second(at: datetime) -> str:
    """A moment to the second, for tables that say UTC in their heading."""
    return f"{at:%Y-%m-%d %H:%M:%S}"
