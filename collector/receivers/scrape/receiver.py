"""Prometheus scraping: fetches the metrics of gateways that only show them."""

import asyncio
import contextlib
import logging
import zlib

import httpx

from collector.errors import PayloadError, PayloadTooLarge, SpoolFull
from collector.formats.prometheus.descriptor import PROMETHEUS_TEXT
from collector.intake.intake import Intake
from collector.receivers.background import BackgroundReceiver
from collector.receivers.context import ReceiverContext
from collector.receivers.scrape.config import ScrapeConfig
from collector.receivers.scrape.discovery import Discovery
from collector.receivers.scrape.fetch import Answer, Fetcher, tls_context
from collector.receivers.scrape.target import Target

_log = logging.getLogger(__name__)


class Scraper:
    """Scrapes each target on the interval until it is cancelled; a target that fails is tried at the next.

    Each scrape yields a sample `up` of its own: 1, or 0 where the target did not show its metrics. Raises ConfigError
    where the files of TLS are of no use.
    """

    def __init__(self, intake: Intake, config: ScrapeConfig) -> None:
        self._intake = intake
        self._config = config
        self._static = {Target.of(configured) for configured in config.targets}
        self._discovery = Discovery(config.discovery)
        for access in (*config.targets, *config.discovery):
            tls_context(access.tls)

    async def run(self) -> None:
        fetcher = Fetcher(self._config)
        running: dict[Target, asyncio.Task[None]] = {}
        try:
            while True:
                wanted = self._static | await asyncio.to_thread(self._discovery.targets)
                for gone in running.keys() - wanted:
                    running.pop(gone).cancel()
                for failed in [target for target, task in running.items() if task.done()]:
                    error = running.pop(failed).exception()
                    _log.error("A scrape failed; it is begun anew.", exc_info=error, extra={"target": failed.shown})
                for new in wanted - running.keys():
                    running[new] = asyncio.create_task(self._scrape_for_ever(fetcher, new))
                await asyncio.sleep(self._config.refresh_interval)
        finally:
            for task in running.values():
                task.cancel()
            await asyncio.gather(*running.values(), return_exceptions=True)
            await fetcher.close()

    async def _scrape_for_ever(self, fetcher: Fetcher, target: Target) -> None:
        clock = asyncio.get_running_loop()
        # The first scrape is at once; later ones are spread, so that a thousand targets are not asked in one moment.
        spread = zlib.crc32(target.url.encode()) / 2**33
        due = clock.time() - self._config.interval * spread
        was_up = True
        while True:
            answer, fault = await self._fetch(fetcher, target)
            if fault and was_up:
                _log.warning(
                    "A target cannot be scraped; check its url, and that it answers.",
                    extra={"target": target.shown, "error": fault},
                )
            elif not fault and not was_up:
                _log.info("A target can be scraped again.", extra={"target": target.shown})
            was_up = not fault
            await self._keep(target, answer, is_up=not fault)
            while due <= clock.time():
                due += self._config.interval
            await asyncio.sleep(due - clock.time())

    async def _fetch(self, fetcher: Fetcher, target: Target) -> tuple[Answer, str]:
        """The answer, and what was wrong with it, or ''."""
        try:
            return await fetcher.fetch(target), ""
        except PayloadTooLarge as error:
            return self._refused("too_large", error)
        except PayloadError as error:
            return self._refused("malformed", error)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return self._refused("unreachable", error)

    def _refused(self, reason: str, error: Exception) -> tuple[Answer, str]:
        self._intake.refused("scrape", reason)
        return Answer(PROMETHEUS_TEXT.name, b""), str(error) or type(error).__name__

    async def _keep(self, target: Target, answer: Answer, *, is_up: bool) -> None:
        up = f"\n# TYPE up gauge\nup {int(is_up)}\n".encode()
        # The next scrape brings fresh values: the intake counts what finds no room, and it is dropped.
        with contextlib.suppress(SpoolFull):
            try:
                await self._intake.accept(
                    "scrape",
                    answer.format,
                    b"".join((target.head, answer.body, up)),
                    peer=target.peer,
                    environment=target.environment,
                    gateway=target.gateway,
                )
            except PayloadTooLarge as error:
                self._intake.refused("scrape", "too_large", target.peer, str(error))


def scrape_receiver(context: ReceiverContext) -> BackgroundReceiver:
    return BackgroundReceiver(Scraper(context.intake, context.config.scrape).run)
