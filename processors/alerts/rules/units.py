"""Values as people read them in messages, e.g. '5.32 %'."""

from processors.query.measures import Unit


def show(unit: Unit | None, value: float) -> str:
    """A value with its unit; None is a plain number."""
    if unit is Unit.SHARE:
        return f"{value * 100:.4g} %"
    if unit is Unit.PER_SECOND:
        return f"{value:.4g}/s"
    if unit is Unit.MILLISECONDS:
        return f"{value:.4g} ms" if value < 10_000 else f"{value:.0f} ms"
    if unit is Unit.BYTES:
        return f"{value:.4g} B" if value < 10_000 else f"{value:.0f} B"
    if unit in (Unit.COUNT, Unit.CONSUMERS):
        return f"{value:.0f}"
    return f"{value:.4g}"
