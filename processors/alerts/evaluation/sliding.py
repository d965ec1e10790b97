"""Windows that slide by a minute: each measure at every minute of a day, out of rows of minutes."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from processors.alerts.evaluation.minute_rows import DAY_MINUTES, Numbers, Rows
from processors.query.sums import Distinct, Peak, Quantile, Ratio, Sums, Within

# Buckets of a histogram to a doubling.
_PER_DOUBLING = 32

# The rows of a column that windows of the day are made of.
Read = Callable[[str], Rows]


def slide(sums: Sums, read: Read, day: int, length: int, groups: int, threshold_us: int) -> Numbers:
    """A row for the window that ends at each minute of a day, a column for each group; NaN where nothing is known.

    `day` is its first minute since the epoch, `length` that of windows in minutes, `threshold_us` that of Apdex.
    """
    if isinstance(sums, Ratio):
        return _ratio(sums, lambda column: _sums(read(column), day, length, groups), length)
    if isinstance(sums, Quantile):
        return _quantiles(sums, read(sums.histogram), day, length, groups)
    if isinstance(sums, Peak):
        return _peaks(sums, read, day, length, groups)
    if isinstance(sums, Distinct):
        return _distinct(read(sums.mapping), day, length, groups)
    return _within(sums, read, day, length, groups, threshold_us)


def _sums(rows: Rows, day: int, length: int, groups: int) -> Numbers:
    """A row is in the windows that end from the minute after it on, until it is older than they are long."""
    enters = np.maximum(rows.times - day + 1, 0)
    leaves = rows.times - day + 1 + length
    return _stays(rows, enters, leaves, groups)


def _stays(rows: Rows, enters: Numbers, leaves: Numbers, groups: int) -> Numbers:
    """The weights of rows that are in windows from one minute of the day until another."""
    size = DAY_MINUTES * groups
    changes = _added(enters, leaves > 0, rows, groups, size) - _added(leaves, leaves > 0, rows, groups, size)
    return np.cumsum(changes.reshape(DAY_MINUTES, groups), axis=0)


def _added(at: Numbers, counts: Numbers, rows: Rows, groups: int, size: int) -> Numbers:
    chosen = counts & (at < DAY_MINUTES)
    places = at[chosen].astype(np.int64) * groups + rows.groups[chosen]
    # Of nothing, it counts in whole numbers, whatever the weights are.
    return np.bincount(places, rows.weights[chosen], minlength=size).astype(np.float64, copy=False)


def _ratio(sums: Ratio, of: Callable[[str], Numbers], length: int) -> Numbers:
    value = sum((of(column) for column in sums.plus[1:]), of(sums.plus[0]))
    value = value - sum(of(column) for column in sums.minus) if sums.minus else value
    if sums.over == "seconds":
        return value / (length * 60)
    over = of(sums.over) if sums.over else None
    return (value if over is None else _over(value, over)) / sums.divided_by


def _over(value: Numbers, total: Numbers) -> Numbers:
    return np.divide(value, total, out=np.full_like(value, np.nan), where=total > 0)


def _within(sums: Within, read: Read, day: int, length: int, groups: int, threshold_us: int) -> Numbers:
    value = np.zeros((DAY_MINUTES, groups))
    for histogram, times, sign in sums.terms:
        rows = read(histogram)
        last = math.ceil(math.log2(max(times * threshold_us, 1)) * _PER_DOUBLING) - 1
        value += sign * _sums(rows.only(_buckets(rows) <= last), day, length, groups)
    value /= sums.divided_by
    return _over(value, _sums(read(sums.over), day, length, groups)) if sums.over else value


def _quantiles(sums: Quantile, rows: Rows, day: int, length: int, groups: int) -> Numbers:
    found = np.full((DAY_MINUTES, groups), np.nan)
    # All buckets of all groups at all minutes would be too much at once.
    for group, own in enumerate(_by_group(rows, groups)):
        buckets = _buckets(own)
        if buckets.size:
            first = int(buckets.min())
            counts = Rows(own.times, buckets - first, own.weights)
            found[:, group] = _quantile(sums, _sums(counts, day, length, int(buckets.max()) - first + 1), first)
    return found


def _quantile(sums: Quantile, histograms: Numbers, first: int) -> Numbers:
    """For each row the middle of a bucket, as `latency_percentile` of the store has it; the leftmost one is `first`."""
    reached = np.cumsum(histograms, axis=1)
    total = reached[:, -1]
    needed = np.maximum(np.ceil(sums.share * total), 1)
    place = np.sum(reached < needed[:, None], axis=1)
    middle = np.exp2((first + place + 0.5) / _PER_DOUBLING) / sums.divided_by
    return np.where(total > 0, middle, np.nan)


def _peaks(sums: Peak, read: Read, day: int, length: int, groups: int) -> Numbers:
    found = np.zeros((DAY_MINUTES, groups))
    for group, own in enumerate(_by_group(read(sums.column), groups)):
        minutes = np.zeros(length + DAY_MINUTES - 1)
        minutes[own.times - day + length] = own.weights
        found[:, group] = _greatest(minutes, length) / sums.divided_by
    return np.where(_sums(read(sums.over), day, length, groups) > 0, found, np.nan)


def _greatest(minutes: Numbers, length: int) -> Numbers:
    """Of each window; of two that overlap, the greater one is that of both."""
    span = 1
    while span * 2 <= length:
        minutes = np.maximum(minutes[:-span], minutes[span:])
        span *= 2
    greatest: Numbers = np.maximum(minutes[:DAY_MINUTES], minutes[length - span :][:DAY_MINUTES])
    return greatest


def _distinct(rows: Rows, day: int, length: int, groups: int) -> Numbers:
    """A key counts from its first minute in a window until it is too old, or comes again."""
    ordered = rows.only(np.lexsort((rows.times, _buckets(rows), rows.groups)))
    enters = ordered.times - day + 1
    leaves = enters + length
    keys = _buckets(ordered)
    again = (keys[1:] == keys[:-1]) & (ordered.groups[1:] == ordered.groups[:-1])
    leaves[:-1] = np.where(again, np.minimum(leaves[:-1], enters[1:]), leaves[:-1])
    once = Rows(ordered.times, ordered.groups, np.ones(len(keys)))
    return _stays(once, np.maximum(enters, 0), leaves, groups)


def _by_group(rows: Rows, groups: int) -> Iterator[Rows]:
    by_group = rows.only(np.argsort(rows.groups, kind="stable"))
    ends = np.searchsorted(by_group.groups, np.arange(groups + 1))
    return (by_group.only(slice(ends[group], ends[group + 1])) for group in range(groups))


def _buckets(rows: Rows) -> Numbers:
    if rows.buckets is None:
        raise ValueError("Only a histogram has buckets.")
    return rows.buckets
