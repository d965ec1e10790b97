"""Log files, OpenTelemetry logs and remote write over HTTP."""

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import cramjam
import httpx

from collector.formats.custom.definition import FormatDefinition
from collector.formats.custom.known import known_formats
from collector.formats.custom.remembered import RememberedFormats
from collector.importer.block import Labels
from collector.importer.importer import import_file
from gatelens.data_directory.block_sinks import HttpSink
from gatelens.data_directory.directory import Addresses, DataDirectory
from tests.bench.envoy_capture import write_capture
from tests.bench.log_files import write_log
from tests.bench.messages import otlp_messages, write_requests
from tests.bench.sender import REQUESTS, SAMPLES, Repeated
from tests.bench.timed_message import TimedMessage

_CONNECTIONS = 4
# As many records as an OpenTelemetry SDK puts into a batch, as many samples as Prometheus sends at once.
_RECORDS = 512
_SAMPLES = 2000


class Posts:
    """A few connections that post one after the other."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self._url = url
        self._client = httpx.Client(trust_env=False, timeout=60, headers=headers)

    def post(self, body: bytes) -> None:
        self._client.post(self._url, content=body).raise_for_status()

    def post_all(self, bodies: Iterator[bytes]) -> None:
        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            under_way: deque[Future[None]] = deque()
            for body in bodies:
                under_way.append(pool.submit(self.post, body))
                if len(under_way) >= 2 * _CONNECTIONS:
                    under_way.popleft().result()
            for answer in under_way:
                answer.result()

    def close(self) -> None:
        self._client.close()


class LinesSender:
    """A log file, posted by an agent some lines at a time."""

    events_are_distinct = True
    stored = REQUESTS

    def __init__(self, addresses: Addresses, directory: Path, format_name: str, lines: int) -> None:
        self.events_in_a_message = lines
        self.file = directory / f"{format_name}.log"
        self._format = format_name
        self._posts = Posts(f"{addresses.http}/ingest/{format_name}?environment=bench", {})

    def prepare(self, events: int) -> None:
        write_log(self.file, self._format, events, datetime.now(UTC))

    def send_all(self) -> None:
        self._posts.post_all(self.messages())

    def messages(self) -> Iterator[bytes]:
        with self.file.open("rb") as file:
            while lines := list(itertools.islice(file, self.events_in_a_message)):
                yield b"".join(lines)

    def send(self, message: bytes) -> None:
        self._posts.post(message)

    def close(self) -> None:
        self._posts.close()


class ImportSender(LinesSender):
    """A log file as `gatelens import` sends it; at a pace like an agent."""

    def __init__(self, addresses: Addresses, directory: Path, format_name: str) -> None:
        super().__init__(addresses, directory, format_name, 500)
        self._addresses = addresses

    def send_all(self) -> None:
        import_file(self.file, HttpSink(self._addresses), Labels("bench"))


class CaptureSender(ImportSender):
    """A log of the real Envoy, with twice as much in a line as ours."""

    def __init__(self, addresses: Addresses, directory: Path) -> None:
        super().__init__(addresses, directory, "envoy_json")
        self.file = directory / "capture.log"

    def prepare(self, events: int) -> None:
        write_capture(self.file, events, datetime.now(UTC))


class DeclaredSender(ImportSender):
    """The combined log as a format that somebody has declared, which is to be as good as the built-in one."""

    _DEFINITION = FormatDefinition(
        name="bench_declared",
        nginx='$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" '
        '"$http_user_agent"',
    )

    def __init__(self, addresses: Addresses, directory: Path, data: Path) -> None:
        super().__init__(addresses, directory, "combined")
        remembered = RememberedFormats(DataDirectory(data).formats)
        remembered.remember(self._DEFINITION)
        self._formats = known_formats((), remembered.find)
        self._posts.close()
        self._posts = Posts(f"{addresses.http}/ingest/{self._DEFINITION.name}?environment=bench", {})

    def send_all(self) -> None:
        import_file(
            self.file,
            HttpSink(self._addresses),
            Labels("bench"),
            format_name=self._DEFINITION.name,
            formats=self._formats,
        )


class HttpSender(Repeated):
    """Messages of Protobuf."""

    def __init__(
        self, url: str, headers: dict[str, str], make: Callable[[int, int], Iterator[TimedMessage]], events: int
    ) -> None:
        super().__init__(lambda count: make(count, events), events)
        self._posts = Posts(url, {"Content-Type": "application/x-protobuf", **headers})

    def send_all(self) -> None:
        self._posts.post_all(self.messages())

    def send(self, message: bytes) -> None:
        self._posts.post(message)

    def close(self) -> None:
        self._posts.close()


class OtlpHttpSender(HttpSender):
    """OpenTelemetry logs."""

    def __init__(self, addresses: Addresses) -> None:
        super().__init__(f"{addresses.http}/v1/logs", {}, otlp_messages, _RECORDS)


class RemoteWriteSender(HttpSender):
    """Prometheus' remote write 1.0."""

    stored = SAMPLES

    def __init__(self, addresses: Addresses) -> None:
        headers = {"Content-Encoding": "snappy", "X-Prometheus-Remote-Write-Version": "0.1.0"}
        super().__init__(f"{addresses.http}/api/v1/write", headers, write_requests, _SAMPLES)

    def messages(self) -> Iterator[bytes]:
        return (bytes(cramjam.snappy.compress_raw(message)) for message in super().messages())
