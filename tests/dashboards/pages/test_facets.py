"""The common values of requests, where there are none."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pandas as pd
from plotly.utils import PlotlyJSONEncoder

from dashboards.pages.requests.facets import facets_panel
from dashboards.state.context import PageContext
from dashboards.state.view import parse_view
from processors.query.answer import Answer

_CONTEXT = PageContext(parse_view("/requests", ""), datetime(2026, 11, 23, 10, tzinfo=UTC))


def test_without_requests_the_panel_says_so() -> None:
    panel = facets_panel()
    nothing = [cast(Answer, SimpleNamespace(frame=pd.DataFrame())) for _ in panel.questions(_CONTEXT)]
    assert "No requests in this range" in json.dumps(panel.draw(_CONTEXT, nothing), cls=PlotlyJSONEncoder)
