"""One scrape: the answer of a target, within limits, and in which format it is."""

import asyncio
import ssl
from dataclasses import dataclass

import httpx

from collector.errors import PayloadError, PayloadTooLarge
from collector.formats.prometheus.descriptor import OPENMETRICS_TEXT, PROMETHEUS_TEXT
from collector.intake.offload import Offload
from collector.receivers.net.body import read_body
from collector.receivers.scrape.config import ScrapeConfig, ScrapeTls
from collector.receivers.scrape.target import Target
from storage.errors import ConfigError

# As Prometheus asks, so that a target answers as it would to Prometheus.
_ACCEPT = "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"

_FORMATS = {
    "application/openmetrics-text": OPENMETRICS_TEXT.name,
    "text/plain": PROMETHEUS_TEXT.name,
    # Some exporters name none.
    "": PROMETHEUS_TEXT.name,
}
_END = b"# EOF"

# How many answers are in memory at once.
_ANSWERS_AT_ONCE = 8


@dataclass(frozen=True)
class Answer:
    """What a target showed."""

    format: str
    body: bytes


class Fetcher:
    """Fetches from targets; one connection pool for each way of TLS."""

    def __init__(self, config: ScrapeConfig) -> None:
        self._limit = int(config.max_body_size)
        self._timeout = min(config.timeout, config.interval)
        self._clients: dict[ScrapeTls, httpx.AsyncClient] = {}
        self._offload = Offload()
        self._room = asyncio.Semaphore(_ANSWERS_AT_ONCE)

    async def close(self) -> None:
        for client in self._clients.values():
            await client.aclose()

    async def fetch(self, target: Target) -> Answer:
        """Raises PayloadError for an answer that is of no use, TimeoutError and httpx.HTTPError where there is none."""
        headers = {
            "Accept": _ACCEPT,
            "Accept-Encoding": "gzip",
            "User-Agent": "Gatelens",
            "X-Prometheus-Scrape-Timeout-Seconds": f"{self._timeout:g}",
            **target.credentials.headers(),
        }
        extensions = {"sni_hostname": target.tls.server_name} if target.tls.server_name else {}
        async with (
            asyncio.timeout(self._timeout),
            self._client(target.tls).stream("GET", target.url, headers=headers, extensions=extensions) as response,
            self._room,
        ):
            if response.status_code != httpx.codes.OK:
                raise PayloadError(f"The target answers {response.status_code}; check its URL and who may read it.")
            return _answer(response, await self._body(response))

    async def _body(self, response: httpx.Response) -> bytes:
        try:
            packed = await read_body(response.aiter_raw(), self._limit)
            return await self._offload.unpacked(packed, response.headers.get("content-encoding", ""), self._limit)
        except PayloadTooLarge as error:
            raise PayloadTooLarge(
                f"The target answers more than {self._limit} bytes; raise collector.scrape.max_body_size."
            ) from error

    def _client(self, tls: ScrapeTls) -> httpx.AsyncClient:
        if tls not in self._clients:
            self._clients[tls] = httpx.AsyncClient(
                verify=tls_context(tls),
                timeout=self._timeout,
                trust_env=False,
                follow_redirects=True,
                limits=httpx.Limits(max_connections=None),
            )
        return self._clients[tls]


def _answer(response: httpx.Response, body: bytes) -> Answer:
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    format_name = _FORMATS.get(media_type)
    if format_name is None:
        raise PayloadError(f"The target answers in {media_type!r}, which is no format of Prometheus; check its path.")
    if format_name == OPENMETRICS_TEXT.name and not body.rstrip(b"\n").endswith(_END):
        raise PayloadError("The target's answer does not end with # EOF, so it is not whole; look into its log.")
    return Answer(format_name, body)


def tls_context(tls: ScrapeTls) -> ssl.SSLContext:
    """Raises ConfigError where a file is of no use."""
    try:
        context = ssl.create_default_context(cafile=tls.ca)
        if tls.certificate is not None:
            context.load_cert_chain(tls.certificate, tls.key, password=_no_passphrase)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"The TLS files of a scrape target cannot be used: {error}. Check that ca, certificate and key in "
            "collector.scrape are PEM, can be read, and need no passphrase."
        ) from error
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _no_passphrase() -> str:
    # Without this OpenSSL asks on the terminal, and the start hangs.
    raise ValueError("the key is locked by a passphrase")
