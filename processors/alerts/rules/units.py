"""Values as people read them in messages, e.g. '5.32 %': four digits that matter, and no more in front of a unit."""

from collections.abc import Sequence

from processors.query.measures import Unit

# The largest first.
_DURATIONS = ((60_000.0, "min"), (1000.0, "s"), (1.0, "ms"))
_BYTES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B"))


def show(unit: Unit | None, value: float) -> str:
    """A value with its unit; None is a plain number."""
    if unit is Unit.SHARE:
        return f"{value * 100:.4g} %"
    if unit is Unit.PER_SECOND:
        return f"{value:.4g}/s"
    if unit is Unit.MILLISECONDS:
        return _scaled(_DURATIONS, value)
    if unit is Unit.BYTES:
        return _scaled(_BYTES, value)
    if unit in (Unit.COUNT, Unit.CONSUMERS):
        return f"{value:,.0f}"
    return f"{value:.4g}"


def _scaled(units: Sequence[tuple[float, str]], value: float) -> str:
    factor, name = next((each for each in units if abs(value) >= each[0]), units[-1])
    return f"{value / factor:.4g} {name}"
