"""The state of an objective in a sentence, for people."""

from datetime import timedelta

from processors.slo.budget import Burning
from processors.time.durations import show_duration


def in_words(left: float | None, burning: tuple[Burning, ...], exhausted_in: timedelta | None) -> str:
    """Such as 'Half of the error budget is left…'."""
    if left is None:
        return "No requests in the period, so nothing is known."
    return " ".join((_left(left), _pace(burning), *_forecast(left, exhausted_in))).strip()


def _left(left: float) -> str:
    if left <= 0:
        return f"The error budget is spent {1 - left:.1f} times over." if left <= -0.1 else "The error budget is spent."
    return f"{left * 100:.1f} % of the error budget is left."


def _pace(burning: tuple[Burning, ...]) -> str:
    fast = next((each for each in burning if each.is_too_fast), None)
    if fast is None:
        return "It is not burning too fast."
    todo = "look into it now" if fast.pair.urgency == "page" else "look into it within days"
    return (
        f"It is burning {fast.long:.1f} times as fast as allowed over {show_duration(fast.pair.long)}, "
        f"and {fast.short:.1f} times over {show_duration(fast.pair.short)}: {todo}."
    )


def _forecast(left: float, exhausted_in: timedelta | None) -> tuple[str, ...]:
    if exhausted_in is None or left <= 0:
        return ()
    return (f"At the pace of the last hours, it will be spent in {_rough(exhausted_in)}.",)


def _rough(length: timedelta) -> str:
    """Two units at most."""
    step = timedelta(hours=1) if length >= timedelta(days=1) else timedelta(minutes=1)
    return show_duration(max(step, length // step * step))
