"""The real log4j with the settings that we ship: to a file in each of Mule's layouts, and over HTTP in two ways."""

import json
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from storage.store import Store
from tests.collector.rigs.ingest_rig import http_port
from tests.collector.rigs.receiver_rig import Rig
from tests.collector.rigs.storing import store_all
from tests.patience import PATIENCE

_SETTINGS = Path(__file__).parents[4] / "deploy" / "gateways" / "mule" / "log4j2.xml"
_CLIENT = Path(__file__).with_name("Log4jClient.java")
_LIBRARY = Path("/usr/share/java")
_JARS = ("log4j-api", "log4j-core", "jackson-core", "jackson-databind", "jackson-annotations")
_RECORDS = 60
_LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
_LAYOUTS = {
    "first": "%-5p %d [%t] [event: %X{correlationId}] %c: %m%n",
    "second": "%d [%t] %-5p %c - %m%n",
    "third": "%-5p %d [%t] %c: %m%n",
}
_TOKEN = "the-token"  # noqa: S105


@pytest.fixture(scope="module")
def class_path() -> str:
    jars = [_LIBRARY / f"{name}.jar" for name in _JARS]
    if shutil.which("java") is None or not all(jar.exists() for jar in jars):
        pytest.skip("No log4j was found; install it with `apt-get install liblog4j2-java libjackson2-databind-java`.")
    return ":".join(map(str, jars))


def _files(directory: Path) -> str:
    return (
        "".join(
            f'<File name="{name}" fileName="{directory / name}.log"><PatternLayout pattern="{layout}"/></File>'
            for name, layout in _LAYOUTS.items()
        )
        + f'<File name="pretty" fileName="{directory}/pretty.log"><JsonLayout properties="true"/></File>'
    )


def _run(class_path: str, rig: Rig, directory: Path) -> None:
    """Every appender of the settings, and a file in each layout."""
    settings = _SETTINGS.read_text().replace("http://gatelens.example.com:4318", rig.http)
    settings = settings.replace("</Appenders>", f"{_files(directory)}</Appenders>")
    names = ("file", "gatelens", "splunk", "pretty", *_LAYOUTS)
    references = "".join(f'<AppenderRef ref="{name}"/>' for name in names)
    # Mule brings what asynchronous loggers need.
    settings = settings.replace("AsyncRoot", "Root").replace('level="INFO"', 'level="ALL"')
    settings = settings.replace('<AppenderRef ref="file"/>', references)
    path = directory / "log4j2.xml"
    path.write_text(settings)
    (directory / "logs").mkdir()
    command = [
        "java",
        f"-Dlog4j2.configurationFile={path}",
        f"-Dmule.home={directory}",
        "-Duser.timezone=UTC",
        "-cp",
        class_path,
    ]
    subprocess.run([*command, str(_CLIENT), str(_RECORDS)], check=True, timeout=PATIENCE, capture_output=True)


def test_log4j(store: Store, tmp_path: Path, class_path: str) -> None:
    hec = {"tokens": [{"token": _TOKEN, "environment": "log4j-splunk"}]}
    logs = tmp_path / "logs-of-mule"
    logs.mkdir()
    with http_port(tmp_path / "spool", environment="log4j", hec=hec) as rig:
        _run(class_path, rig, logs)
        for name in ("logs/orders-api", "pretty", *_LAYOUTS):
            environment = f"log4j-{Path(name).name}"
            body = (logs / f"{name}.log").read_bytes()
            answer = httpx.post(
                f"{rig.http}/ingest?environment={environment}", content=body, trust_env=False, timeout=PATIENCE
            )
            assert answer.json() == {"accepted_bytes": len(body), "format": "mule_log"}
        store_all(store, rig.spool)
    assert store.rows("SELECT body FROM dead_letters WHERE environment LIKE 'log4j%'") == []
    # Under `production` by the address in the settings.
    told = {name: _rows(store, name) for name in ("production", "log4j-splunk", "log4j-orders-api", "log4j-pretty")}
    told |= {f"log4j-{name}": _rows(store, f"log4j-{name}") for name in _LAYOUTS}
    for environment, rows in told.items():
        assert len(rows) == _RECORDS, environment
        for number, row in enumerate(rows):
            _check(number, row, environment)
    times = {environment: [row["milliseconds"] for row in rows] for environment, rows in told.items()}
    assert all(moments == times["production"] for moments in times.values())


def _rows(store: Store, environment: str) -> list[dict[str, object]]:
    raw = store.raw(
        "SELECT *, toUnixTimestamp64Milli(time) AS milliseconds FROM logs WHERE environment = {e:String}"
        " AND gateway_kind = 'mule' ORDER BY toUInt32(extract(body, '^order ([0-9]+)'))",
        "JSONEachRow",
        {"e": environment},
    )
    return [json.loads(line) for line in raw.splitlines()]


def _check(number: int, row: dict[str, object], environment: str) -> None:
    severity = _LEVELS[number % len(_LEVELS)]
    first, *trace = str(row["body"]).splitlines()
    failed = severity == "ERROR"
    assert first == f'order {number} - "{"failed" if failed else "accepted"}": }}{{'
    assert any("java.lang.IllegalStateException: no" in line for line in trace) == failed
    assert any("at Log4jClient.emit(Log4jClient.java:" in line for line in trace) == failed
    assert any(line.startswith("Caused by: ") and "java.lang.RuntimeException" in line for line in trace) == failed
    assert row["severity"] == severity
    attributes = row["attributes"]
    assert isinstance(attributes, dict)
    assert attributes["logger.name"] == "org.mule.runtime.core.internal.processor.LoggerMessageProcessor"
    assert attributes["thread.name"] == "[MuleRuntime].uber.12: [orders-api].orders-main.CPU_LITE @5f1e2"
    assert attributes["mule.application"] == "orders-api"
    if environment not in ("log4j-second", "log4j-third"):
        assert attributes["mule.correlation_id"] == f"c-{number}"
    if environment not in ("log4j-first", "log4j-second", "log4j-third"):
        assert attributes["mule.processor_path"] == f"orders-main/processors/{number}"
