"""How often a password may be guessed."""

import pytest

from dashboards.access.attempt_limit import AttemptLimit, peer_key


class Clock:
    now = 5000.0

    def __call__(self) -> float:
        return self.now


def test_a_few_at_once_and_then_one_in_a_while() -> None:
    clock = Clock()
    limit = AttemptLimit(3, 20, clock)
    assert [limit.take("ann") for _ in range(5)] == [0, 0, 0, 20, 20]
    assert limit.take("bob") == 0
    clock.now += 19.5
    assert limit.take("ann") == 1
    clock.now += 0.5
    assert [limit.take("ann") for _ in range(2)] == [0, 20]
    clock.now += 10_000
    assert [limit.take("ann") for _ in range(4)] == [0, 0, 0, 20]


def test_an_attempt_that_is_given_back_counts_no_more() -> None:
    limit = AttemptLimit(2, 20, Clock())
    for _ in range(50):
        assert limit.take("ann") == 0
        limit.give_back("ann")
    assert [limit.take("ann") for _ in range(3)] == [0, 0, 20]


def test_many_keys_push_nobody_out() -> None:
    limit = AttemptLimit(2, 20, Clock())
    assert [limit.take("ann") for _ in range(3)] == [0, 0, 20]
    slots = limit._clear_at
    for number in range(50_000):
        limit.take(f"peer-{number}")
    assert limit.take("ann") > 0
    assert limit._clear_at is slots
    assert len(slots) == 8192


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_a_network_of_ipv6_is_one_peer(host: str, key: str) -> None:
    assert peer_key(host) == key
