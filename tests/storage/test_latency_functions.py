"""What the functions of SQL tell of a histogram, and where they tell nothing."""

import pytest

from storage.store import Store


@pytest.mark.parametrize(
    ("histogram", "median_us", "apdex"),
    [
        ("CAST(map(), 'Map(Int16, UInt64)')", None, None),
        # Requests that took less than the clock's tick.
        ("CAST(map(latency_bucket(0), 7), 'Map(Int16, UInt64)')", 1, 1),
        # Requests of 0 and of 1000 µs.
        ("CAST(map(-1, 1, latency_bucket(1000), 3), 'Map(Int16, UInt64)')", 1000, 0.625),
        # One is satisfied with 500 µs, one tolerates 1000, one is frustrated.
        (
            "CAST(map(latency_bucket(400), 1, latency_bucket(1000), 1, latency_bucket(9000), 1), 'Map(Int16, UInt64)')",
            1000,
            0.5,
        ),
    ],
)
def test_a_histogram(store: Store, histogram: str, median_us: float | None, apdex: float | None) -> None:
    [found] = store.rows(f"SELECT latency_percentile({histogram}, 0.5), latency_apdex({histogram}, 500)")
    assert found == (
        None if median_us is None else pytest.approx(median_us, rel=0.011),
        None if apdex is None else pytest.approx(apdex),
    )
