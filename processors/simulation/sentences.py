"""An outcome in plain English."""

from processors.simulation.outcome import Outcome


def summary(outcome: Outcome) -> str:
    """What the policy would have done, and to whom most of it."""
    if not outcome.requests:
        return "There were no requests in this time."
    if outcome.is_cache:
        return (
            f"{_percent(outcome.share)} of {outcome.requests:,} requests would have been answered from the cache, "
            f"which spares upstreams {outcome.saved_seconds:,.0f} seconds of work."
        )
    if not outcome.stopped and not outcome.delayed:
        return f"None of {outcome.requests:,} requests would have been refused."
    delayed = f" and {outcome.delayed:,} would have waited" if outcome.delayed else ""
    refused = f"{outcome.stopped:,} of {outcome.requests:,} requests ({_percent(outcome.share)})"
    text = f"{refused} would have been refused{delayed}."
    worst = outcome.counters[0]
    if worst.key and worst.stopped and worst.first and worst.last:
        text += (
            f" {worst.key} is hit most: {worst.stopped:,} of its {worst.requests:,} ({_percent(worst.share)}), "
            f"between {worst.first:%Y-%m-%d %H:%M} and {worst.last:%Y-%m-%d %H:%M} UTC."
        )
    return text


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
