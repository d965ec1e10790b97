"""A scraper with a spool behind it, what it fetched, and the rows that come of it."""

import gc
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opentelemetry.metrics import NoOpMeter
from prometheus_client import Metric

from collector.intake.intake import Intake
from collector.receivers.scrape.config import ScrapeConfig
from collector.receivers.scrape.receiver import Scraper
from collector.spool.config import SpoolConfig
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from gatelens.machine.event_loop import EventLoopThread
from storage.store import Store
from tests.collector.rigs.receiver_rig import Rig

# (name, labels, value as text, since NaN is not itself)
Point = tuple[str, tuple[tuple[str, str], ...], str]


@contextmanager
def scraper(directory: Path, **settings: Any) -> Iterator[Rig]:
    """Scrapes from entry to exit."""
    spool = Spool(directory, SpoolConfig(segment_age=60))
    loop = EventLoopThread("scraper")
    config = ScrapeConfig.model_validate({"interval": 1, **settings})
    loop.spawn(Scraper(Intake(spool, CollectorMetrics(NoOpMeter("test"))), config).run())
    try:
        yield Rig("", "", spool, directory)
    finally:
        loop.close()
        spool.close()
        gc.collect()


def stored(store: Store, environment: str) -> Counter[Point]:
    """The rows of an environment."""
    rows = store.rows(
        "SELECT name, CAST(labels, 'Map(String, String)'), toString(value) FROM metrics WHERE environment = {e:String}",
        {"e": environment},
    )
    return Counter((name, tuple(sorted(labels.items())), _text(float(value))) for name, labels, value in rows)


def told(families: Iterable[Metric]) -> Counter[Point]:
    """What a parser of prometheus_client, which knows nothing of us, reads in a text."""
    return Counter(
        (sample.name, tuple(sorted(sample.labels.items())), _text(float(sample.value)))
        for family in families
        for sample in family.samples
    )


def dead_letters(store: Store, environment: str) -> list[tuple[Any, ...]]:
    return store.rows(
        "SELECT reason, body FROM dead_letters WHERE environment = {e:String} ORDER BY body", {"e": environment}
    )


def _text(value: float) -> str:
    return repr(value)
