"""Scrapes: a target for each golden case answers with it."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from collector.spool.spool import Spool
from tests.collector.inputs.golden_cases import PEER, RECEIVED_AT, Case
from tests.collector.inputs.inputs import ENVIRONMENT, Input
from tests.collector.rigs.prometheus_rig import scraper
from tests.collector.rigs.scrape_target import Answering, target
from tests.collector.rigs.waiting import wait_until

_CONTENT_TYPES = {
    "prometheus_text": "text/plain; version=0.0.4",
    "openmetrics_text": "application/openmetrics-text; version=1.0.0",
}
_UP_LINES = b"\n# TYPE up gauge\nup 1\n"
# Rarely, so that each target is asked once.
_INTERVAL = 3600


def _scrape(directory: Path, cases: Sequence[Case]) -> Spool:
    with ExitStack() as stack:
        answering = [stack.enter_context(target(_answer(case))) for case in cases]
        targets = [{"url": answer.url, "environment": ENVIRONMENT} for answer in answering]
        rig = stack.enter_context(scraper(directory / "spool", interval=_INTERVAL, targets=targets))
        wait_until(lambda: len(rig.spooled()) == len(cases))
    return rig.spool


def _answer(case: Case) -> Answering:
    """Without what the scraper itself puts behind it, where a case has that."""
    return Answering(case.body().removesuffix(_UP_LINES), _CONTENT_TYPES[case.format])


def _is_an_answer(case: Case) -> bool:
    """The labels of a target are no part of what it answers."""
    return case.format in _CONTENT_TYPES and not case.body().startswith(b"# TARGET ")


_UP = {
    "table": "metrics", "time": f"{RECEIVED_AT:%Y-%m-%d %H:%M:%S}.000", "gateway": PEER, "instance": PEER, "host": PEER,
    "name": "up", "kind": "gauge", "value": 1, "count": 0, "environment": ENVIRONMENT,
}  # fmt: skip


def _up(case: Case) -> list[dict[str, Any]]:
    return [] if case.body().endswith(_UP_LINES) else [_UP]


SCRAPES = (Input("scrape", _scrape, _is_an_answer, adds=_up),)
