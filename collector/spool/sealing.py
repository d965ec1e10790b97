"""How long a segment that is not full stays open for more.

To plan the statement for a segment costs the same CPU whether it holds one record or a megabyte of them: 100 ms and
more. So formats that bring little share that cost, and one format alone is stored as soon as its segment is old enough.
"""

from collections.abc import Mapping

# Below this, planning costs more than reading.
_SMALL_BYTES = 1 << 20
# Nobody who looks at a page waits much longer than for its refresh.
_MOST_TIMES = 4


def longest_ages(sizes: Mapping[str, int], segment_age: float) -> dict[str, float]:
    """By format, after how many seconds its open segment of so many bytes is sealed.

    `segment_age` for a segment that is not small; small ones stay open that long for each of them, up to four times.
    """
    small = sum(size < _SMALL_BYTES for size in sizes.values())
    times = min(small, _MOST_TIMES)
    return {name: segment_age * (times if size < _SMALL_BYTES else 1) for name, size in sizes.items()}
