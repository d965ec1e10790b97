import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from processors.errors import InvalidReport
from processors.query.questions import Questions
from processors.reports.renderers import RENDERERS, render_csv, render_json, renderer
from processors.reports.report import UsageReport, usage_report
from processors.reports.usage import COUNTS
from processors.time.window import Window

START = datetime(2026, 5, 10, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=2))


def _report(questions: Questions, environment: str, by: str) -> UsageReport:
    filters = {"environment": environment}
    return usage_report(questions, WINDOW, by.split(","), filters, now=WINDOW.end, version="1.2.3")


@pytest.mark.usefixtures("traffic")
def test_csv_reads_back(questions: Questions, environment: str) -> None:
    report = _report(questions, environment, "month,day,hour,api,consumer")

    content = render_csv(report)
    read = pd.read_csv(io.BytesIO(content), keep_default_na=False)

    assert content.count(b"\r\n") == len(report.rows) + 1
    assert list(read.columns) == list(report.rows.columns)
    assert read["requests"].tolist() == report.rows["requests"].tolist()
    first = read.iloc[0]
    assert (first["month"], first["day"], first["hour"]) == ("2026-05", "2026-05-10", "2026-05-10T01:00:00Z")
    assert set(read["consumer"]) == {"", "mobile-app", "orders", "partner"}


@pytest.mark.parametrize("consumer", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_csv_text_that_begins_like_a_formula_is_harmless(
    questions: Questions, environment: str, insert: Callable[..., None], consumer: str
) -> None:
    insert(consumer=consumer, route='a "quoted", é\nroute')

    content = render_csv(_report(questions, environment, "consumer,route"))
    read = pd.read_csv(io.BytesIO(content), dtype=str)

    assert read["consumer"].tolist() == [f"'{consumer}"]
    assert read["route"].tolist() == ['a "quoted", é\nroute']
    assert read["requests"].tolist() == ["1"]


@pytest.mark.usefixtures("traffic")
def test_json_tells_what_was_asked(questions: Questions, environment: str) -> None:
    document = json.loads(render_json(_report(questions, environment, "api,day")))

    rows = document.pop("rows")
    total = document.pop("total")
    assert document == {
        "from": "2026-05-10T00:00:00+00:00",
        "to": "2026-05-12T00:00:00+00:00",
        "complete": True,
        "dimensions": ["api", "day"],
        "filters": {"environment": environment},
        "generated_at": "2026-05-12T00:00:00+00:00",
        "gatelens_version": "1.2.3",
    }
    assert total == {name: sum(row[name] for row in rows) for name in COUNTS}
    assert (rows[0]["api"], rows[0]["day"], rows[0]["requests"]) == ("orders", "2026-05-10", 7)


@pytest.mark.parametrize("name", [known.name for known in RENDERERS])
def test_a_report_of_nothing_is_a_file_too(questions: Questions, environment: str, name: str) -> None:
    report = _report(questions, environment, "day,consumer")

    assert report.total == dict.fromkeys(COUNTS, 0)
    assert renderer(name).render(report)


@pytest.mark.parametrize("by", ["api", "api,consumer"])
def test_a_latency_that_is_not_known_is_left_empty(
    questions: Questions, environment: str, insert: Callable[..., None], by: str
) -> None:
    insert(api="told")
    insert(api="untold", duration_us=None)
    report = _report(questions, environment, by)

    read = pd.read_csv(io.BytesIO(render_csv(report)), dtype=str, keep_default_na=False).set_index("api")
    told, untold = json.loads(render_json(report))["rows"]

    assert read["p50_ms"]["told"].startswith("20")
    assert (read["p50_ms"]["untold"], read["p95_ms"]["untold"], read["requests"]["untold"]) == ("", "", "1")
    assert told["p95_ms"] == pytest.approx(20, rel=0.011)
    assert (untold["p50_ms"], untold["p95_ms"], untold["requests"]) == (None, None, 1)


def test_unknown_formats_are_reported_with_those_that_are_known() -> None:
    with pytest.raises(InvalidReport, match="csv, xlsx, json"):
        renderer("pdf")


@pytest.mark.usefixtures("traffic")
def test_a_period_that_lasts_is_not_complete(questions: Questions, environment: str) -> None:
    now = WINDOW.end - timedelta(minutes=1)
    report = usage_report(questions, WINDOW, ["api"], {"environment": environment}, now=now, version="1.2.3")

    assert not report.complete
