"""A comparison in one sentence, which says no more than the figures carry."""

from processors.comparison.comparison import Comparison, Figures, Prices

# Fewer requests on a side say little about how many fail; fewer durations little about the slowest of them.
_FEWEST = 1_000
_OTHER_ROUTES = 0.2
# What is less than this is no difference that anybody would notice.
_NOTICEABLE = 0.05


def verdict(comparison: Comparison, prices: Prices) -> str:
    """What differs for certain between the sides, and what keeps that from being the gateways' doing."""
    first, second = comparison.first, comparison.second
    for side in (first, second):
        if not side.requests:
            return f"{side.side.name} had no requests in this time, so there is nothing to compare."
    found = [text for text in (_latency(comparison), _errors(comparison), _cost(comparison, prices)) if text]
    thin = [side.side.name for side in (first, second) if side.requests < _FEWEST]
    text = "; ".join(found) if found else "No difference is significant"
    if thin:
        text += f", but {' and '.join(thin)} had fewer than {_FEWEST:,} requests, so more data may change that"
    elif comparison.other_routes > _OTHER_ROUTES:
        text += (
            f", but {100 * comparison.other_routes:.0f} % of the requests went to other routes, so what differs may be "
            "theirs: compare one route"
        )
    return f"{text}."


def _latency(comparison: Comparison) -> str:
    first, second = (side.durations["p95"] for side in (comparison.first, comparison.second))
    if not first or not second or not comparison.differs("p95") or abs(second / first - 1) < _NOTICEABLE:
        return ""
    faster, slower = _ordered(comparison, first <= second)
    of_faster, of_slower = sorted((first, second))
    text = f"{faster.side.name} is faster at p95 ({_ms(of_faster)} against {_ms(of_slower)})"
    overheads = [side.durations["gateway_mean"] for side in (faster, slower)]
    if None not in overheads:
        text += f", with {_ms(overheads[0] or 0)} of its own time on average against {_ms(overheads[1] or 0)}"
    return text


def _errors(comparison: Comparison) -> str:
    difference = comparison.error_difference
    if difference is None or difference.low <= 0 <= difference.high:
        return ""
    better, worse = _ordered(comparison, difference.low > 0)
    return (
        f"{better.side.name} fails less ({100 * (better.error_rate or 0):.3g} % against "
        f"{100 * (worse.error_rate or 0):.3g} %)"
    )


def _cost(comparison: Comparison, prices: Prices) -> str:
    costs = [side.cost_of_a_million(prices) for side in (comparison.first, comparison.second)]
    first, second = costs
    if not first or not second or abs(second / first - 1) < _NOTICEABLE:
        return ""
    cheaper, _ = _ordered(comparison, first < second)
    return (
        f"{cheaper.side.name} costs less ({min(first, second):.3g} against {max(first, second):.3g} a million requests)"
    )


def _ordered(comparison: Comparison, is_in_order: bool) -> tuple[Figures, Figures]:
    sides = (comparison.first, comparison.second)
    return sides if is_in_order else (sides[1], sides[0])


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:,.3g} ms"
