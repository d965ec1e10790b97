"""What a view-only link shows, and what it does not."""

from datetime import UTC, datetime

import pytest

from dashboards.site.shared_view import link_for, shows
from dashboards.state.view import View, parse_view
from storage.access.shared_links import SharedLink

_NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
_QUERY = "?from=now-6h&filter=environment%3Dprod&tab=failures"
_LINK = SharedLink("a", "orders · APIs", "/apis/orders", _QUERY, "ann", 0.0, 1e12)


def _view(address: str) -> View:
    path, _, query = address.partition("?")
    return parse_view(path, f"?{query}")


@pytest.mark.parametrize(
    "address",
    [
        f"/apis/orders{_QUERY}",
        f"/apis/orders{_QUERY}&sort=routes:-p95&columns=routes:p95&refresh=off&tz=Europe/Berlin",
        "/apis/orders?filter=environment%3Dprod&tab=failures&from=2026-03-02T07:00Z&to=2026-03-02T08:00Z",
        "/apis/orders?environment=prod&tab=failures&from=now-1h",
    ],
)
def test_it_shows_its_page_and_a_part_of_its_range(address: str) -> None:
    assert shows(_LINK, _view(address), _NOW)


@pytest.mark.parametrize(
    "address",
    [
        f"/apis/payments{_QUERY}",
        f"/apis{_QUERY}",
        "/apis/orders?from=now-6h&filter=environment%3Dprod",
        "/apis/orders?from=now-6h&filter=environment%3Dprod&tab=consumers",
        "/apis/orders?from=now-6h&tab=failures",
        "/apis/orders?from=now-6h&tab=failures&filter=environment%3Dtest",
        f"/apis/orders{_QUERY}&filter=environment%3Dtest",
        f"/apis/orders{_QUERY}&filter=nonsense",
        f"/apis/orders{_QUERY}&selected=1",
        f"/apis/orders{_QUERY}&compare=month",
        f"/apis/orders{_QUERY}&by=consumer",
        "/apis/orders?filter=environment%3Dprod&tab=failures&from=now-7h",
        "/apis/orders?filter=environment%3Dprod&tab=failures&from=2026-03-01T00:00Z&to=2026-03-02T08:00Z",
        "/apis/orders?filter=environment%3Dprod&tab=failures&from=whenever",
    ],
)
def test_it_shows_nothing_else(address: str) -> None:
    assert not shows(_LINK, _view(address), _NOW)


def test_of_several_links_that_of_the_page_is_taken() -> None:
    other = SharedLink("b", "Overview", "/", "", "ann", 0.0, 1e12)
    assert link_for([_LINK, other], _view("/"), _NOW) is other
    assert link_for([_LINK, other], _view("/?from=now-7d"), _NOW) is None
