from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from dashboards.api.explain import explain_api
from gatelens.cli import app
from processors.query.questions import Questions
from storage.store import Store
from tests.dashboards.api.analysis_rig import served
from tests.patience import PATIENCE

_NOW = datetime(2026, 4, 2, 12, tzinfo=UTC)
_ENVIRONMENT = "explain-api"
_FAILING = """
INSERT INTO requests (time, environment, reporter, api, status, consumer)
SELECT toDateTime64('2026-04-02 10:00:00', 6, 'UTC') + toIntervalSecond(number), 'explain-api', 'gateway', 'orders',
    if(number > 3600 AND number % 4 = 1, 503, 200), concat('app', toString(number % 4))
FROM numbers(7200)
"""


@pytest.fixture(scope="module")
def data(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A data directory, and the address of what runs there."""
    store.command(_FAILING)
    directory = tmp_path_factory.mktemp("data")
    questions = Questions(store, lambda: _NOW)
    with served(directory, explain_api(store, questions, lambda: _NOW)) as address:
        yield directory, address
    questions.close()


def test_the_same_by_address_and_by_body(data: tuple[Path, str]) -> None:
    address = f"{data[1]}/api/v1/explain"
    asked = {"measure": "error_rate", "from": "now-1h", "filter": [f"environment={_ENVIRONMENT}"]}
    found = httpx.get(address, params=asked, timeout=PATIENCE).json()
    assert found == httpx.post(address, json=asked, timeout=PATIENCE).json()
    (row, symptom) = found["rows"]
    assert (row["kind"], row["dimensions"], row["before"], row["after"]) == ("cause", {"consumer": "app1"}, 0, 1)
    assert (symptom["kind"], symptom["dimensions"]) == ("symptom", {"status": "503"})
    assert row["contribution"] == 1
    assert found["baseline"] == {"from": "2026-04-02T10:00:00+00:00", "to": "2026-04-02T11:00:00+00:00"}
    assert "consumer app1" in found["summary"]


def test_a_baseline_is_other_traffic_too(data: tuple[Path, str]) -> None:
    filters = [f"environment={_ENVIRONMENT}", "consumer=app1,app2"]
    asked = {"measure": "error_rate", "from": "now-1h", "filter": filters, "baseline": "consumer=app0"}
    found = httpx.get(f"{data[1]}/api/v1/explain", params=asked, timeout=PATIENCE).json()
    assert found["against"] == [f"environment={_ENVIRONMENT}", "consumer=app0"]
    assert found["baseline"] == found["window"]
    assert (found["before"], found["after"]) == (0, 0.5)


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"measure": "colour"}, "choose one of errors"),
        ({"baseline": "yesteryear"}, "write before, a duration"),
        ({"baseline": "api~(a|b)"}, "is no baseline"),
        ({"baseline": "api!=a"}, "name its values"),
        ({"filter": "colour=red"}, "not a dimension"),
        ({"from": "soon"}, "not a time"),
    ],
)
def test_what_cannot_be_explained_says_what_can(data: tuple[Path, str], parameters: dict[str, str], told: str) -> None:
    answer = httpx.get(f"{data[1]}/api/v1/explain", params=parameters, timeout=PATIENCE)
    assert answer.status_code == 400
    assert told in answer.json()["error"]


def test_a_parameter_that_is_not_known_is_refused(data: tuple[Path, str]) -> None:
    assert httpx.get(f"{data[1]}/api/v1/explain", params={"colour": "red"}, timeout=PATIENCE).status_code == 422


def test_the_command_asks_the_running_process(data: tuple[Path, str]) -> None:
    what = ["--filter", f"environment={_ENVIRONMENT}", "--baseline", "1h", "--data", str(data[0])]
    done = CliRunner().invoke(app, ["explain", *what])
    assert done.exit_code == 0, done.output
    assert "consumer=app1" in done.output
    assert "Errors rose: 0 before, 900 after." in done.output
