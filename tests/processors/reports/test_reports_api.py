import asyncio
import io
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pandas as pd
import pytest
from fastapi import FastAPI

from dashboards.api.reports import reports_api
from processors.query.questions import Questions

NOW = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)
ADDRESS = "/api/v1/reports/usage"


Get = Callable[[str], httpx.Response]


@pytest.fixture
def get(questions: Questions) -> Get:
    """Asks for the report of a query string."""
    server = FastAPI()
    server.include_router(reports_api(questions, lambda: NOW, "1.2.3"))

    async def answer(query: str) -> httpx.Response:
        transport = httpx.ASGITransport(server)
        async with httpx.AsyncClient(transport=transport, base_url="http://gatelens") as client:
            return await client.get(f"{ADDRESS}?{query}")

    return lambda query: asyncio.run(answer(query))


@pytest.mark.usefixtures("traffic")
def test_the_answer_is_a_file(get: Get, environment: str) -> None:
    answer = get(f"from=2026-05-10&to=2026-05-12&by=api,consumer&environment={environment}")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    name = "usage_20260510T0000_20260512T0000.csv"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert (answer.headers["gatelens-rows"], answer.headers["gatelens-requests"]) == ("4", "14")
    assert pd.read_csv(io.BytesIO(answer.content))["requests"].sum() == 14


@pytest.mark.usefixtures("traffic")
@pytest.mark.parametrize(("name", "begins"), [("xlsx", b"PK"), ("json", b"{")])
def test_every_format(get: Get, environment: str, name: str, begins: bytes) -> None:
    answer = get(f"environment={environment}&format={name}")

    assert answer.content.startswith(begins)
    assert answer.headers["content-disposition"].endswith(f'.{name}"')


@pytest.mark.usefixtures("traffic")
def test_filters_and_defaults(get: Get, environment: str) -> None:
    """Without a period it is this month, without dimensions it is by API."""
    answer = get(f"environment={environment}&gateway=edge&api=orders")

    assert pd.read_csv(io.BytesIO(answer.content))[["api", "requests"]].to_numpy().tolist() == [["orders", 9]]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("by=colour", "status_class"),
        ("by=", "status_class"),
        ("format=pdf", "csv, xlsx, json"),
        ("from=soon", "`from` is 'soon'"),
        ("from=2026-05-02&to=2026-05-01", "is empty"),
        ("gatway=edge", "no parameter 'gatway'"),
        ("by=api&by=consumer", "by=api,consumer"),
    ],
)
def test_faults_are_reported(get: Get, query: str, told: str) -> None:
    answer = get(query)

    assert answer.status_code == 400
    assert answer.json()["kind"] == "InvalidReport"
    assert told in answer.json()["error"]
