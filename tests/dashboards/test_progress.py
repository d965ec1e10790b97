"""Long work behind the pages: how far it is stands above each of them, those too that ask nothing by themselves."""

import json
from datetime import UTC, datetime
from typing import Any, cast

from dashboards.page import Group, Page
from dashboards.site.pages import Site
from dashboards.site.progress import PROGRESS
from dashboards.state.view import parse_view
from dashboards.under_way import UnderWay, Work


def test_every_part_of_a_page_tells_how_far_it_is() -> None:
    under_way = UnderWay()
    page = Page("/quiet", "Quiet", "table", Group.SYSTEM, has_range=False, refreshes=False)
    site = Site([page], cast(Any, None), lambda: datetime.now(UTC), lambda: 0, works=lambda: under_way.works)
    view = parse_view("/quiet", "", "UTC")
    assert _told(site.frame(view, {})) == "null"
    under_way.report(Work("Filling in the past", 0.2, "since Monday"))
    under_way.report(Work("Filling in the past", 0.425))
    for part in (site.frame(view, {}), site.data(view, {}), site.signs({})):
        told = _told(part)
        assert "Filling in the past" in told
        assert "42 %" in told
        assert "Monday" not in told
    digest = site.signs({})["regions"][PROGRESS]
    under_way.end("Filling in the past")
    assert _told(site.signs({PROGRESS: json.loads(bytes(digest))["digest"]})) == "null"


def test_pages_say_that_nothing_was_sent_until_something_was() -> None:
    sent = False
    page = Page("/quiet", "Quiet", "table", Group.SYSTEM, has_range=False, refreshes=False)
    site = Site([page], cast(Any, None), lambda: datetime.now(UTC), lambda: 0, has_traffic=lambda: sent)
    for part in (site.frame(parse_view("/quiet", "", "UTC"), {}), site.signs({})):
        assert "No requests yet" in _told(part)
    sent = True
    assert _told(site.signs({})) == "null"


def _told(part: dict[str, Any]) -> str:
    return json.dumps(json.loads(bytes(part["regions"][PROGRESS]))["children"], ensure_ascii=False)
