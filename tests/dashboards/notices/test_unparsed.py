"""Records that could not be parsed are told of where figures are, with the way to them."""

import json

import pandas as pd
from plotly.utils import PlotlyJSONEncoder

from dashboards.notices.unparsed import few_unparsed, unparsed_notice
from dashboards.state.view import View


def _drawn(found: pd.DataFrame, parsed: int) -> str:
    return json.dumps(unparsed_notice(found, View(), parsed), cls=PlotlyJSONEncoder)


def test_a_notice_says_how_many_and_why_and_leads_to_them() -> None:
    found = pd.DataFrame({"format": ["envoy_json"], "reason": ["no JSON"], "records": [3]})
    drawn = _drawn(found, 10)
    assert "3 unparsed records in this time range" in drawn
    assert "no JSON (as envoy_json)" in drawn
    assert "dead_letters" in drawn
    assert '"href": "/ingest"' in drawn


def test_a_few_among_many_requests_are_one_line() -> None:
    found = pd.DataFrame({"format": ["envoy_json", "nginx"], "reason": ["no JSON", "no time"], "records": [3, 1]})
    assert _drawn(found, 1_000) == "null"
    (line,) = few_unparsed(found, 1_000)
    assert line.text == "4 unparsed records in this time range: 3 × no JSON (as envoy_json), 1 × no time (as nginx)"
    assert few_unparsed(found, 10) == []


def test_there_is_no_notice_without_any() -> None:
    assert few_unparsed(pd.DataFrame({"format": [], "reason": [], "records": []}), 5) == []
    assert _drawn(pd.DataFrame({"format": [], "reason": [], "records": []}), 5) == "null"
