"""A channel that hangs: rounds go on, others are told, and what it is told when it comes back is how things are."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.metrics import get_meter

from processors.alerts.engine import AlertEngine
from processors.alerts.rule_file import RuleFile
from processors.alerts.rule_source import RuleSource
from storage.retry import Backoff
from storage.store import Store
from tests.patience import PATIENCE
from tests.processors.alerts import rig
from tests.processors.alerts.conftest import TABLES, AddRequests
from tests.processors.alerts.hook import Hook

_BUSY = datetime(2026, 3, 2, 12, tzinfo=UTC)
_NOW = _BUSY + timedelta(seconds=95)
_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)

OpenEngine = Callable[[str], AlertEngine]


class HangingHook:
    """Takes a call, says so, and answers when it is let go."""

    def __init__(self) -> None:
        self.statuses: list[str] = []
        self.called, self.free = threading.Event(), threading.Event()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                hook.statuses.append(body["status"])
                hook.called.set()
                hook.free.wait()
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing: the output is for the tests."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.free.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[HangingHook]:
    # It is let go by the test, however slow the machine is.
    monkeypatch.setattr("processors.alerts.channels.http_call._TIMEOUT_SECONDS", 2 * PATIENCE)
    opened = HangingHook()
    yield opened
    opened.close()


@pytest.fixture
def open_engine(store: Store, hook: Hook, hanging: HangingHook) -> Iterator[OpenEngine]:
    for table in TABLES:
        store.command(f"TRUNCATE TABLE {table}")
    engines: list[AlertEngine] = []

    def open_one(name: str) -> AlertEngine:
        rule = {
            "name": name, "measure": "requests", "window": "1m", "op": ">", "threshold": 4, "by": ["api"],
            "filters": {"environment": name}, "receiver": "on-call",
        }  # fmt: skip
        receiver = {"name": "on-call", "webhook": {"url": hanging.url}, "slack": {"url": hook.url}}
        engine = AlertEngine(
            store, RuleSource(file=RuleFile.model_validate({"rules": [rule], "receivers": [receiver]})), lambda: _NOW,
            get_meter("test"), "http://gatelens", rig.questions_of(store), rig.Sources(),
            backoff=Backoff(first=0.01, longest=0.02, tries=1),
        )  # fmt: skip
        engines.append(engine)
        return engine

    yield open_one
    hanging.free.set()
    for engine in engines:
        engine.stop()


def test_a_channel_that_hangs_delays_neither_rounds_nor_others(
    open_engine: OpenEngine, hook: Hook, hanging: HangingHook, add_requests: AddRequests
) -> None:
    add_requests("slow-hangs", _BUSY, 5)
    add_requests("slow-hangs", _BUSY + _MINUTE, 5, api="carts")
    engine = open_engine("slow-hangs")
    engine.run_round(_NOW)
    assert hanging.called.wait(PATIENCE)
    # Rounds go on while it hangs: orders is over, and carts has begun.
    for seconds in (60, 75, 120):
        engine.run_round(_NOW + seconds * _SECOND)
    assert [alert.labels["api"] for alert in engine.alerts() if alert.is_firing] == ["carts"]
    assert hanging.statuses == ["firing"]
    hanging.free.set()
    engine.tick(_NOW + 135 * _SECOND)
    engine.tick(_NOW + 150 * _SECOND)
    # It was told of orders once, and then of all that had come meanwhile in one message.
    assert hanging.statuses == ["firing", "firing"]
    # Slack was told of each as it came.
    assert hook.calls >= 2


def test_what_was_sent_is_known_at_once_and_not_sent_again_after_a_crash(
    open_engine: OpenEngine, store: Store, hook: Hook, hanging: HangingHook, add_requests: AddRequests
) -> None:
    """The process dies right after the call, before any other round."""
    for minute in range(3):
        add_requests("slow-crash", _BUSY + minute * _MINUTE, 5)
    hanging.free.set()
    crashed = open_engine("slow-crash")
    crashed.run_round(_NOW)
    crashed.notifier.wait()
    again = open_engine("slow-crash")
    again.tick(_NOW + 15 * _SECOND)
    assert (hanging.statuses, hook.calls) == (["firing"], 1)


def test_the_end_is_sent_even_if_nobody_knows_what_became_of_the_beginning(
    open_engine: OpenEngine, hanging: HangingHook, add_requests: AddRequests
) -> None:
    """The process dies in the middle of the call, which the receiver has taken."""
    add_requests("slow-owed", _BUSY, 5)
    dying = open_engine("slow-owed")
    dying.run_round(_NOW)
    assert hanging.called.wait(PATIENCE)
    again = open_engine("slow-owed")
    again.run_round(_NOW + 3 * _MINUTE)
    again.run_round(_NOW + 3 * _MINUTE + 15 * _SECOND)
    hanging.free.set()
    again.notifier.wait()
    assert hanging.statuses == ["firing", "resolved"]
