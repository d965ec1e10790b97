"""Figures as people read them: the one formatter of the app. Its twin for charts is assets/format.js."""

import math
from collections.abc import Callable
from datetime import timedelta

NOTHING = "–"
# Of no break, so that a figure and its unit stay together.
_SPACE = "\N{NO-BREAK SPACE}"
_MINUS = "\N{MINUS SIGN}"
_PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_BYTES = ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
_DAY_S = 86_400


def show(unit: str, value: float | None) -> str:
    """A value with its unit, a key of UNITS; a dash where nothing is known."""
    if value is None or not math.isfinite(value):
        return NOTHING
    return UNITS[unit](abs(value)) if value >= 0 else f"{_MINUS}{UNITS[unit](abs(value))}"


def count(value: float) -> str:
    """12,345 to the last one, then 1.23 M."""
    if value < 100_000:
        return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2g}"
    return _scaled(value, _PREFIXES)


def rate(per_second: float) -> str:
    """Of a second, or where that is rare, of a minute or an hour: 1.2 k/s, 12/s, 3/min."""
    if per_second >= 1000:
        return f"{_scaled(per_second, _PREFIXES)}/s"
    for factor, unit in ((1, "s"), (60, "min"), (3600, "h")):
        if per_second * factor >= 1 or unit == "h":
            return f"{_three(per_second * factor)}/{unit}"
    return NOTHING


def share(value: float) -> str:
    """A share of 1 as a percentage; what is above 0 is never shown as 0, and what is below 1 never as all."""
    if 0 < value < 0.0001:
        return f"<{_SPACE}0.01{_SPACE}%"
    if 0.9999 < value < 1:
        return f">{_SPACE}99.99{_SPACE}%"
    digits = 2 if value < 0.1 or 0.99 < value < 1 else 1
    return f"{value * 100:.{digits}f}".rstrip("0").rstrip(".") + f"{_SPACE}%"


def milliseconds(value: float) -> str:
    """43.8 µs, 12.3 ms, 1.23 s, 2.1 min."""
    if value == 0:
        return f"0{_SPACE}ms"
    if value <= 0.1:
        return f"{_three(value * 1000)}{_SPACE}µs"
    if value < 999.5:
        return f"{_three(value)}{_SPACE}ms"
    if value < 120_000:
        return f"{_three(value / 1000)}{_SPACE}s"
    return span(timedelta(milliseconds=value))


def size(value: float) -> str:
    """Bytes, by powers of 1,000."""
    return f"{value:.0f}{_SPACE}B" if value < 1000 else _scaled(value, _BYTES)


def size_rate(value: float) -> str:
    """Bytes of a second."""
    return f"{size(value)}/s"


def score(value: float) -> str:
    """Between 0 and 1, such as Apdex."""
    return f"{value:.3f}"


def cores(value: float) -> str:
    """Cores of CPU, to a thousandth: what is less is no load."""
    if 0 < value < 0.001:
        return f"<{_SPACE}0.001{_SPACE}cores"
    return f"{_three(round(value, 3))}{_SPACE}cores"


def plain(value: float) -> str:
    """A number of no unit."""
    return _three(value) if value < 100_000 else _scaled(value, _PREFIXES)


UNITS: dict[str, Callable[[float], str]] = {
    "count": count,
    "rate": rate,
    "share": share,
    "ms": milliseconds,
    "bytes": size,
    "bytes_rate": size_rate,
    "score": score,
    "cores": cores,
    "plain": plain,
}


def points(current: float, previous: float) -> str:
    """The difference of two shares in percentage points, e.g. '+1.2 pt'."""
    difference = (current - previous) * 100
    if abs(difference) < 0.005:
        return "no change"
    sign = "+" if difference > 0 else _MINUS
    return f"{sign}{_short(abs(difference))}{_SPACE}pt"


def change(current: float, previous: float) -> str:
    """How much more or less than before, e.g. '+12 %', or from ten times on '×12'."""
    if not previous:
        return "new" if current else "no change"
    relative = current / previous - 1
    if abs(relative) < 0.005:
        return "no change"
    if relative >= 9:
        return f"×{_three(relative + 1)}"
    return f"{'+' if relative > 0 else _MINUS}{abs(relative) * 100:.0f}{_SPACE}%"


def span(length: timedelta) -> str:
    """A length of time in its two largest units, e.g. '1 d 6 h'."""
    seconds = round(length.total_seconds())
    parts = [
        (seconds // _DAY_S, "d"),
        (seconds % _DAY_S // 3600, "h"),
        (seconds % 3600 // 60, "min"),
        (seconds % 60, "s"),
    ]
    shown = [f"{number}{_SPACE}{unit}" for number, unit in parts if number]
    return " ".join(shown[:2]) or f"0{_SPACE}s"


def _short(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if value < 1 else _three(round(value, 1))


def _scaled(value: float, units: tuple[tuple[float, str], ...]) -> str:
    # 999,999 is 1 M, and not 1,000 k.
    for bound, letter in units:
        if value >= bound * 0.9995:
            return f"{_three(value / bound)}{_SPACE}{letter}"
    return _three(value)


def _three(value: float) -> str:
    """Three digits that matter, without zeros at the end; all of a larger whole number."""
    if value == 0:
        return "0"
    if value >= 99.95:
        return f"{value:,.0f}"
    digits = 2 - math.floor(math.log10(value))
    text = f"{value:.{max(digits, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
