"""Requests drawn from a seed, in the store and as a frame to check the answers by."""

import random
from datetime import UTC, datetime, timedelta

import pandas as pd

from processors.time.window import Window
from storage.store import Store

START = datetime(2026, 11, 20, 9, 17, tzinfo=UTC)
_COLUMNS = (
    "time", "environment", "gateway_kind", "gateway", "reporter", "api", "api_version", "route", "method", "status",
    "response_flags", "fault", "policy", "consumer", "upstream", "duration_us", "upstream_us", "request_bytes",
    "response_bytes", "request_id", "ingested_at",
)  # fmt: skip
_STATUSES = (0, 101, 200, 200, 200, 200, 201, 204, 302, 400, 404, 429, 500, 503)


def fill(store: Store, environment: str, requests: int, span: timedelta, seed: int = 3) -> pd.DataFrame:
    """Insert requests of gateways and of a mesh; returns those that count, one row each."""
    draw = random.Random(seed)
    rows = [_request(draw, environment, START + draw.random() * span, number) for number in range(requests)]
    sources = [_as_source(row) for row in rows if row["gateway_kind"] == "mesh"]
    stored = rows + sources
    store.insert("requests", _COLUMNS, [[row[name] for name in _COLUMNS] for row in stored])
    return pd.DataFrame(rows)


def whole(span: timedelta) -> Window:
    """The window that holds everything `fill` put in."""
    return Window(START, START + span)


def _request(draw: random.Random, environment: str, at: datetime, number: int) -> dict[str, object]:
    kind = draw.choice(("envoy", "envoy", "flex", "mesh"))
    status = draw.choice(_STATUSES)
    duration = int(draw.lognormvariate(10, 1.3))
    return {
        "time": at,
        "environment": environment,
        "gateway_kind": kind,
        "gateway": f"{kind}-{draw.randrange(2)}",
        "reporter": "destination" if kind == "mesh" else "gateway",
        "api": "stock.shop" if kind == "mesh" else draw.choice(("orders", "orders", "payments", "")),
        "api_version": draw.choice(("", "v1", "v2")),
        "route": draw.choice(("/a", "/a/{id}", "/b")),
        "method": draw.choice(("GET", "POST")),
        "status": status,
        "response_flags": "RL" if status == 429 else "",
        "fault": "policy" if status == 429 else "backend" if status >= 500 else "client" if status >= 400 else "",
        "policy": "rate-limit" if status == 429 else "",
        "consumer": draw.choice(("", "web", "mobile")),
        "upstream": "orders-v1",
        "duration_us": duration,
        "upstream_us": None if status in (0, 429) else int(duration * 0.8),
        "request_bytes": draw.randrange(1000),
        "response_bytes": draw.randrange(10_000),
        "request_id": f"{environment}-{number}",
        "ingested_at": at,
    }


def _as_source(row: dict[str, object]) -> dict[str, object]:
    """The same request as the sidecar of its client tells it, which got its answer from the other one."""
    return {**row, "gateway": "client.shop", "reporter": "source", "response_flags": ""}
