"""How bunched the traffic is, and the limit that would let enough of it through."""

from collections.abc import Mapping


def burst_percentile(bursts: Mapping[int, int], share: float) -> int:
    """The most requests in the windows that hold that share of them; 0 if there are none."""
    reached, wanted = 0, share * sum(bursts.values())
    for burst in sorted(bursts):
        reached += bursts[burst]
        if reached >= wanted:
            return burst
    return 0


def least_limit(bursts: Mapping[int, int], share: float, *, sliding: bool) -> int:
    """The lowest limit that refuses at most that share of the requests.

    `bursts` are requests by how many came in their window: in fixed windows a limit refuses of each window what is over
    it, in sliding ones each request whose window holds more.
    """
    most = share * sum(bursts.values())
    low, high = 0, max(bursts, default=0)
    while low < high:
        middle = (low + high) // 2
        if _refused(bursts, middle, sliding=sliding) <= most:
            high = middle
        else:
            low = middle + 1
    return low


def _refused(bursts: Mapping[int, int], limit: int, *, sliding: bool) -> float:
    over = ((burst, requests) for burst, requests in bursts.items() if burst > limit)
    return sum(requests if sliding else requests / burst * (burst - limit) for burst, requests in over)
