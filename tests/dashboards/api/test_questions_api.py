"""Questions over HTTP and by `gatelens ask --url`."""

import asyncio
import http.client
import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pyarrow as pa
import pytest
import uvicorn
from fastapi import FastAPI

from dashboards.api.questions import questions_api
from gatelens.commands.ask.command import print_table, run_ask
from processors.query.dimensions import DIMENSIONS
from processors.query.measures import MEASURES
from processors.query.questions import Questions
from storage.errors import GatelensError
from storage.store import Store
from tests.patience import PATIENCE
from tests.processors.query.slow_store import SlowStore
from tests.processors.query.traffic_rows import START, fill

_ENVIRONMENT = "questions_api"
_FILTER = f"environment={_ENVIRONMENT}"
_BODY = {
    "measures": ["requests", "p95"], "dimensions": ["api"], "from": START.isoformat(),
    "to": (START + timedelta(hours=4)).isoformat(), "filters": [_FILTER], "limit": 2,
}  # fmt: skip

Send = Callable[..., httpx.Response]


@pytest.fixture(scope="module")
def app(store: Store) -> Iterator[FastAPI]:
    rows = fill(store, _ENVIRONMENT, 300, timedelta(hours=4))
    assert set(rows["api"]) == {"", "orders", "payments", "stock.shop"}
    questions = Questions(store, lambda: START + timedelta(hours=4))
    server = FastAPI()
    server.include_router(questions_api(questions, lambda: START + timedelta(hours=4)))
    yield server
    questions.close()


@pytest.fixture
def send(app: FastAPI) -> Send:
    async def answer(method: str, path: str, **options: Any) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gatelens") as client:
            return await client.request(method, path, **options)

    return lambda *arguments, **options: asyncio.run(answer(*arguments, **options))


def _ask(send: Send, query: str = "", accept: str = "*/*", **changes: Any) -> httpx.Response:
    return send("POST", f"/api/v1/questions{query}", json={**_BODY, **changes}, headers={"Accept": accept})


def test_an_answer_in_json(send: Send) -> None:
    answer = _ask(send, step="1h", compare="1h", measures=["requests", "upstream_mean"]).json()
    assert answer["table"].startswith("api_1h + ")
    assert [column["name"] for column in answer["columns"]] == [
        "time", "api", "requests", "requests_before", "upstream_mean", "upstream_mean_before",
    ]  # fmt: skip
    assert answer["columns"][2] == {"name": "requests", "kind": "measure", "type": "integer", "unit": "{request}"}
    assert answer["rows"][0]["time"] == "2026-11-20T09:00:00Z"
    # Nothing is stored from before.
    assert (answer["rows"][0]["requests_before"], answer["rows"][0]["upstream_mean_before"]) == (0, None)


def test_the_same_in_each_format(send: Send) -> None:
    rows = _ask(send).json()["rows"]
    assert len(rows) == 2
    for query, accept in (("?format=csv", "*/*"), ("", "text/csv;q=0.9, application/json;q=0.1")):
        answer = _ask(send, query, accept)
        assert answer.headers["content-type"].startswith("text/csv")
        assert pd.read_csv(io.BytesIO(answer.content)).to_dict("records") == rows
    arrow = _ask(send, accept="application/vnd.apache.arrow.stream")
    assert pa.ipc.open_stream(arrow.content).read_all().to_pylist() == rows


def test_csv_holds_no_formulas(send: Send, store: Store) -> None:
    moment = START + timedelta(hours=1)
    columns = ("time", "environment", "reporter", "api")
    store.insert("requests", columns, [(moment, "questions_csv", "gateway", '=cmd|"x"')])
    answer = _ask(send, "?format=csv", filters=["environment=questions_csv"], measures=["requests"])
    assert answer.text == '"api","requests"\r\n"\'=cmd|""x""",1\r\n'


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"measures": ["beauty"]}, 400, "'beauty' is no measure"),
        ({"filters": ["nonsense"]}, 400, "is no filter"),
        ({"filters": [{"dimension": "api", "operator": "range", "values": ["a"]}]}, 400, "takes 2 values"),
        ({"from": "yesterdayish"}, 400, "is not a time"),
        ({"from": "now", "to": "now-1h"}, 400, "ends"),
        ({"step": "1x"}, 422, "is no duration"),
        ({"step": "1s", "from": "now-30d"}, 400, "steps"),
        ({"limit": 0}, 422, "greater than or equal to 1"),
        ({"colour": "red"}, 422, "Extra inputs"),
        ({"measures": []}, 422, "at least 1 item"),
    ],
)
def test_what_is_refused(send: Send, changes: dict[str, Any], status: int, reason: str) -> None:
    answer = _ask(send, **changes)
    assert (answer.status_code, reason in answer.text) == (status, True), answer.text


def test_an_unknown_format_is_refused(send: Send) -> None:
    assert _ask(send, "?format=pdf").status_code == 400


def test_what_there_is_to_ask_for(send: Send) -> None:
    measures = send("GET", "/api/v1/measures").json()["measures"]
    assert [each["name"] for each in measures] == list(MEASURES)
    assert {"name": "p95", "unit": "ms"}.items() <= next(each for each in measures if each["name"] == "p95").items()
    assert [each["name"] for each in send("GET", "/api/v1/dimensions").json()["dimensions"]] == list(DIMENSIONS)


def test_values_of_a_dimension(send: Send) -> None:
    parameters = {"from": _BODY["from"], "to": _BODY["to"], "filter": [_FILTER, "api!=∅"], "limit": 2}
    values = send("GET", "/api/v1/dimensions/api/values", params=parameters).json()["values"]
    assert [each["value"] for each in values] == [row["api"] for row in _ask(send).json()["rows"]]
    nothing = send("GET", "/api/v1/dimensions/attribute:a/b/values", params=parameters).json()["values"]
    assert [each["value"] for each in nothing] == [""]
    assert send("GET", "/api/v1/dimensions/colour/values").status_code == 400


def test_openapi_tells_the_question(app: FastAPI) -> None:
    described = app.openapi()
    assert {"measures", "dimensions", "from", "to", "filters", "step"} <= described["components"]["schemas"][
        "QuestionDocument"
    ]["properties"].keys()
    assert "text/csv" in described["paths"]["/api/v1/questions"]["post"]["responses"]["200"]["content"]


@contextmanager
def _served(app: FastAPI) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            thread.join(0.01)
        host, port = server.servers[0].sockets[0].getsockname()
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def url(app: FastAPI) -> Iterator[str]:
    with _served(app) as address:
        yield address


def _wait(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_question_ends_when_its_client_goes_away(store: Store) -> None:
    slow = SlowStore(store)
    questions = Questions(slow, lambda: START, dict)  # type: ignore[arg-type]
    server = FastAPI()
    server.include_router(questions_api(questions, lambda: START))
    with _served(server) as address:
        client = http.client.HTTPConnection(address.removeprefix("http://"))
        client.request("POST", "/api/v1/questions", json.dumps(_BODY), {"Content-Type": "application/json"})
        _wait(lambda: slow.running > 0)
        client.close()
        _wait(lambda: slow.running == 0)
    questions.close()


def test_the_command_asks_a_running_gatelens(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = run_ask({**_BODY, "measures": ["requests", "error_rate"]}, "json", url, tmp_path)
    print_table(content)
    printed = capsys.readouterr()
    rows = json.loads(content)["rows"]
    assert "error_rate %" in printed.out
    assert f"{rows[0]['error_rate'] * 100:.2f}" in printed.out
    assert "2 rows from api_1h + " in printed.err
    with pytest.raises(GatelensError, match="is no measure"):
        run_ask({**_BODY, "measures": ["beauty"]}, "csv", url, tmp_path)
    with pytest.raises(GatelensError, match="`step`: '1x' is no duration"):
        run_ask({**_BODY, "step": "1x"}, "csv", url, tmp_path)
    with pytest.raises(GatelensError, match="does not answer"):
        run_ask(dict(_BODY), "csv", "http://127.0.0.1:1", tmp_path)


def test_other_traffic_stands_beside_what_is_asked(send: Send) -> None:
    asked: dict[str, Any] = {"measures": ["requests", "error_rate"], "dimensions": [], "limit": None}
    by_api = {name: [_FILTER, f"api={name}"] for name in ("orders", "payments")}

    def figures(**more: Any) -> dict[str, Any]:
        body = {name: value for name, value in {**_BODY, **asked, **more}.items() if value is not None}
        found: dict[str, Any] = send("POST", "/api/v1/questions", json=body).json()["rows"][0]
        return found

    beside = figures(filters=by_api["orders"], against=by_api["payments"])
    orders, payments = (figures(filters=filters) for filters in by_api.values())
    assert orders["requests"] != payments["requests"]
    assert {name: beside[name] for name in orders} == orders
    assert {name: beside[f"{name}_before"] for name in payments} == payments
    # Of each step too, and whatever other questions are asked together with it.
    stepped = _ask(
        send, **{**asked, "limit": 10, "filters": by_api["orders"], "against": by_api["payments"], "step": "1h"}
    )
    assert sum(row["requests_before"] for row in stepped.json()["rows"]) == payments["requests"]
    refused = _ask(send, against=by_api["orders"], compare="1h")
    assert (refused.status_code, "not with both" in refused.text) == (400, True)
