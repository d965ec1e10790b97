"""What `gatelens demo` does around a running Gatelens: the gateways, their metrics, their past."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from collector.receivers.scrape.config import ScrapeConfig, ScrapeTarget
from gatelens.block_sinks import HttpSink
from gatelens.data_directory import Addresses
from gatelens.demo import history
from gatelens.demo.demo import Demo
from gatelens.demo.model import CONSUMERS, ENVIRONMENT
from storage.errors import GatelensError


class Scraping(Protocol):
    """The running Gatelens, as far as the demo needs it."""

    def scrape(self, config: ScrapeConfig) -> None:
        """Scrape more targets from now on."""


class DemoSession:
    """The demo of one Gatelens; `directory` holds the configuration and logs of its Envoys."""

    def __init__(self, directory: Path, rate: float) -> None:
        self._directory = directory
        self._rate = rate
        self._demo: Demo | None = None

    @contextmanager
    def sending_to(self, gatelens: Scraping, addresses: Addresses) -> Iterator[None]:
        """Run the gateways and their traffic. Raises GatelensError where an Envoy cannot run."""
        demo = Demo(self._directory, addresses.grpc)
        demo.start()
        try:
            gatelens.scrape(_targets(demo))
            demo.start_traffic(self._rate)
            self._demo = demo
            yield
        finally:
            self._demo = None
            demo.stop()

    def describe(self) -> list[str]:
        """Lines for the terminal: where the gateways are, and a request to try."""
        if self._demo is None:
            raise RuntimeError("The demo does not run.")
        demo = self._demo
        consumer, key = next(iter(CONSUMERS.items()))
        return [
            f"Environment {ENVIRONMENT}: {self._rate:g} requests a second, on average over a day, through",
            f"  gateway     {demo.als_gateway} (logs through ALS), {demo.otlp_gateway} (through OTLP)",
            f"  mesh        {demo.mesh} (the sidecar of checkout.shop, which calls inventory.shop)",
            f"  logs        {self._directory}",
            f"Send one yourself, as {consumer}:",
            f"  curl -H 'x-api-key: {key}' {demo.als_gateway}/orders/v2/orders/4711",
        ]

    def backfill(self, length: timedelta, sink: HttpSink, console: Console, stop: threading.Event) -> None:
        """Store so much past that is not stored yet, until it is done or stopped."""
        starts = history.stretches(length, datetime.now(UTC))
        past = history.History(sink, self._rate, stop.is_set)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("History, in ten minutes", total=len(starts))
            try:
                filled = past.fill(starts, lambda: progress.advance(task))
            except httpx.HTTPError as error:
                raise GatelensError(
                    f"The history could not be handed over: {error}. Run the command again to go on with it."
                ) from error
        console.print(_outcome(filled, starts), highlight=False, soft_wrap=True)


def _targets(demo: Demo) -> ScrapeConfig:
    targets = (
        ScrapeTarget.model_validate({"url": stats.url, "gateway": stats.gateway, "environment": ENVIRONMENT})
        for stats in demo.stats
    )
    return ScrapeConfig(targets=tuple(targets))


def _outcome(filled: history.Filled, starts: list[datetime]) -> str:
    if filled.stretches < len(starts):
        return f"The history was stopped after {filled.lines:,} lines; the same command goes on with it."
    known = f"; {filled.stretches_known} of {filled.stretches} parts were there" if filled.stretches_known else ""
    since = f"since {starts[0]:%Y-%m-%d %H:%M} UTC"
    return f"Environment {history.ENVIRONMENT}: {filled.lines:,} log lines {since} added{known}."
