"""What `gatelens demo` does around a running Gatelens: the gateways, their metrics, their past."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import httpx
from rich.console import Console

from collector.receivers.scrape.config import ScrapeConfig, ScrapeTarget
from dashboards.under_way import UnderWay, Work
from gatelens.configuration.config import Config
from gatelens.data_directory.block_sinks import HttpSink
from gatelens.data_directory.directory import Addresses
from gatelens.data_directory.local_access import local_client
from gatelens.demo import made_by_people
from gatelens.demo.configuration import demo_configuration
from gatelens.demo.model import CONSUMERS, ENVIRONMENT
from gatelens.demo.past import history
from gatelens.demo.past.history_state import HistoryState
from gatelens.demo.progress import shown
from storage.errors import GatelensError

if TYPE_CHECKING:
    from gatelens.demo.demo import Demo


class Scraping(Protocol):
    """What the demo needs of the running Gatelens."""

    def scrape(self, config: ScrapeConfig) -> None:
        """Scrape more targets from now on."""


class DemoSession:
    """The demo of one Gatelens in the directory `data`; its gateways/ has the configuration and logs of the Envoys."""

    def __init__(self, data: Path, rate: float, history_length: str = "") -> None:
        """`history_length` is such as '7d', or '' for no past; raises ConfigError where it is no length."""
        self._data = data
        self._directory = data / "gateways"
        self._rate = rate
        self._past = history.parse_length(history_length) if history_length else None
        self._demo: Demo | None = None

    def configured(self, config: Config) -> AbstractContextManager[Config]:
        """The configuration with what the demo adds to it, from entry to exit."""
        return demo_configuration(config, self._directory)

    @contextmanager
    def sending_to(self, gatelens: Scraping, addresses: Addresses) -> Iterator[None]:
        """Run the gateways and their traffic. Raises GatelensError where an Envoy cannot run."""
        demo = _demo(self._directory, addresses)
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
            f"  Envoy       {demo.als_gateway} (logs through ALS), {demo.otlp_gateway} (through OTLP)",
            f"  Flex        {demo.flex_gateway} (an Envoy that speaks as Flex Gateway does, through Forward)",
            f"  Mule        {demo.mule_gateway} (a stand-in for a Mule runtime, with its events and logs)",
            f"  mesh        {demo.mesh} (the sidecar of checkout.shop, which calls inventory.shop)",
            f"  logs        {self._directory}",
            f"Send one yourself, as {consumer}:",
            f"  curl -H 'x-api-key: {key}' {demo.als_gateway}/orders/v2/orders/4711",
        ]

    def furnish(self, addresses: Addresses, console: Console) -> None:
        """Make what people would have made: annotations, a dashboard, saved views, a silence."""
        with local_client(self._data, addresses, HttpSink.SECONDS) as client:
            client.base_url = httpx.URL(addresses.web)
            try:
                made_by_people.make(client, datetime.now(UTC))
            except httpx.HTTPError as error:
                console.print(f"Annotations, dashboard and saved views could not be made: {error}", highlight=False)

    def backfill(self, addresses: Addresses, console: Console, under_way: UnderWay, stop: threading.Event) -> None:
        """Store what is wanted of the past and is not stored yet, until it is done or stopped.

        How far it is goes to the console, the pages, and the file history.json in the demo's directory.
        """
        length = self._past
        if length is None:
            return
        starts = history.stretches(length, datetime.now(UTC))
        rate = history.thinned(self._rate, length)
        if rate < self._rate:
            console.print(f"History: {rate:.1f} requests a second, so that it takes about a minute.", highlight=False)
        state = HistoryState(self._directory / "history.json", len(starts), starts[0])
        name = f"Filling in the demo's history since {starts[0]:%Y-%m-%d %H:%M} UTC"
        sink = HttpSink(addresses, local_client(self._data, addresses, HttpSink.SECONDS))
        past = history.History(sink, rate, stop.is_set)
        with closing(sink), shown(console, name, len(starts)) as show:

            def advance(done: int, lines: int) -> None:
                state.advance(done, lines)
                show(state.done, state.lines)
                under_way.report(Work(name, state.done / len(starts), f"environment {history.ENVIRONMENT}"))

            advance(0, 0)
            try:
                filled = past.fill(starts, advance)
            except httpx.HTTPError as error:
                raise GatelensError(
                    f"The history could not be handed over: {error}. Run the command again to go on with it."
                ) from error
            finally:
                under_way.end(name)
        console.print(_outcome(filled, starts), highlight=False, soft_wrap=True)


def _demo(directory: Path, addresses: Addresses) -> "Demo":
    try:
        from gatelens.demo.demo import Demo  # noqa: PLC0415 - what it needs is optional
    except ImportError as error:
        raise GatelensError(
            f"The demo needs the package {error.name}. Install it with: pip install 'gatelens[demo]'."
        ) from error
    return Demo(directory, addresses)


def _targets(demo: "Demo") -> ScrapeConfig:
    targets = (
        ScrapeTarget.model_validate(
            {"url": stats.url, "gateway": stats.gateway, "environment": ENVIRONMENT, "labels": stats.labels}
        )
        for stats in demo.stats
    )
    return ScrapeConfig(targets=tuple(targets))


def _outcome(filled: history.Filled, starts: list[datetime]) -> str:
    if filled.stretches < len(starts):
        return f"The history was stopped after {filled.lines:,} lines; the same command goes on with it."
    known = f"; {filled.stretches_known} of {filled.stretches} parts were there" if filled.stretches_known else ""
    since = f"since {starts[0]:%Y-%m-%d %H:%M} UTC"
    return f"Environment {history.ENVIRONMENT}: {filled.lines:,} log lines {since} added{known}."
