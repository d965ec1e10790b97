"""Prometheus scraping: fetches the metrics of gateways that only show them."""

import asyncio
import logging
from collections.abc import Sequence
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, ConfigDict, Field, HttpUrl

from collector.receivers.intake import Intake
from storage.errors import SpoolFull

_log = logging.getLogger(__name__)

_ACCEPT = "text/plain;version=0.0.4"


class ScrapeTarget(BaseModel):
    """One address that answers in Prometheus' text format, e.g. Envoy's /stats/prometheus."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: HttpUrl = Field(description="e.g. http://127.0.0.1:9901/stats/prometheus")
    gateway: str = Field(default="", description="The gateway whose metrics these are.")
    environment: str = Field(default="", description="Its environment.")


class ScrapeConfig(BaseModel):
    """Which metrics to fetch."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    interval: float = Field(default=15, ge=1, le=3600, description="Seconds between two scrapes of a target.")
    targets: tuple[ScrapeTarget, ...] = Field(default=(), description="What to scrape.")


class Scraper:
    """Scrapes each target on the interval until it is cancelled; a target that fails is tried at the next."""

    def __init__(self, intake: Intake, config: ScrapeConfig) -> None:
        self._intake = intake
        self._config = config

    async def run(self) -> None:
        async with httpx.AsyncClient(timeout=min(10.0, self._config.interval), trust_env=False) as client:
            await asyncio.gather(*(self._scrape_for_ever(client, target) for target in self._config.targets))

    async def _scrape_for_ever(self, client: httpx.AsyncClient, target: ScrapeTarget) -> None:
        was_up = True
        while True:
            fault = await self._scrape(client, target)
            if fault and was_up:
                _log.warning("A target cannot be scraped.", extra={"target": _shown(target), "error": fault})
            was_up = not fault
            await asyncio.sleep(self._config.interval)

    async def _scrape(self, client: httpx.AsyncClient, target: ScrapeTarget) -> str:
        """Fetch and spool one answer; returns what went wrong, or ''."""
        try:
            response = await client.get(str(target.url), headers={"Accept": _ACCEPT})
            response.raise_for_status()
            await self._intake.accept(
                "scrape",
                "prometheus_text",
                response.content,
                peer=urlsplit(str(target.url)).netloc.rpartition("@")[2],
                environment=target.environment,
                gateway=target.gateway,
            )
        except (httpx.HTTPError, SpoolFull) as error:
            self._intake.refused("scrape", "unreachable" if isinstance(error, httpx.HTTPError) else "spool_full")
            return str(error) or type(error).__name__
        return ""


def _shown(target: ScrapeTarget) -> str:
    parts = urlsplit(str(target.url))
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def with_targets(config: ScrapeConfig, targets: Sequence[ScrapeTarget]) -> ScrapeConfig:
    """The same configuration with more targets."""
    return config.model_copy(update={"targets": (*config.targets, *targets)})
