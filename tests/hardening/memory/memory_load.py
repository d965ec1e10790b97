"""Everything at once that takes memory: large bodies, small ones, OTLP, Forward, bombs and people's queries."""

import random
import socket
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import grpc
import httpx
import msgspec

from collector.encoding.protobuf import length_delimited
from gatelens.data_directory.directory import Addresses
from tests.running import RunningGatelens

EXPORT = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
_SMALL = 500
_LINES_IN_A_MEGABYTE = 4300
_QUERY = (
    "SELECT path, request_id, uniqExact(request_id), groupArray(attributes) FROM requests"
    " GROUP BY path, request_id ORDER BY path LIMIT 10"
)


class MemoryLoad:
    """Clients that send until they are stopped, and remember how many events of each batch were acknowledged."""

    def __init__(self, addresses: Addresses, seed: int, *, large_bodies: int = 4, bombs: bool = True) -> None:
        self._addresses = addresses
        self._stopped = threading.Event()
        self.acknowledged: dict[str, int] = {}
        self.bombs = 0
        self.refused = 0
        self.queries = 0
        works: list[Callable[[random.Random], None]] = [
            *[self._post_large] * large_bodies,
            self._post_small,
            self._forward,
            self._query,
            *([self._export_bombs, self._post_bombs] if bombs else []),
        ]
        self._threads = [
            threading.Thread(target=work, args=(random.Random(seed + number),), daemon=True)
            for number, work in enumerate(works)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(60)

    @property
    def events(self) -> int:
        return sum(self.acknowledged.values())

    def _post_large(self, draw: random.Random) -> None:
        self._post(lambda: int(draw.uniform(6, 14) * _LINES_IN_A_MEGABYTE), pause=0)

    def _post_small(self, draw: random.Random) -> None:
        self._post(lambda: _SMALL, pause=0.02)

    def _post(self, lines: Callable[[], int], pause: float) -> None:
        with httpx.Client(trust_env=False, timeout=30) as client:
            while not self._stopped.wait(pause):
                batch, count = uuid.uuid4().hex, lines()
                if self._is_taken(client, "/ingest/envoy_json?environment=memory", json_body(batch, count)):
                    self.acknowledged[batch] = count

    def _post_bombs(self, draw: random.Random) -> None:
        """Lines of a few bytes, each of which becomes a row of dozens of columns."""
        with httpx.Client(trust_env=False, timeout=30) as client:
            while not self._stopped.wait(1):
                body = b'{"a":1}\n' * draw.randrange(100_000, 1_000_000)
                self.bombs += self._is_taken(client, "/ingest/json?environment=bomb", body)

    def _is_taken(self, client: httpx.Client, path: str, body: bytes) -> bool:
        try:
            is_taken = client.post(f"{self._addresses.http}{path}", content=body).status_code == 200
        except httpx.HTTPError:
            is_taken = False
        if not is_taken:
            self.refused += 1
            self._stopped.wait(0.2)
        return is_taken

    def _export_bombs(self, draw: random.Random) -> None:
        """Empty log records, two bytes each."""
        with grpc.insecure_channel(self._addresses.grpc) as channel:
            export = channel.unary_unary(EXPORT, request_serializer=bytes, response_deserializer=bytes)
            while not self._stopped.wait(1):
                try:
                    export(empty_log_records(draw.randrange(100_000, 8_000_000)), timeout=30)
                except grpc.RpcError:
                    self.refused += 1
                else:
                    self.bombs += 1

    def _forward(self, draw: random.Random) -> None:
        host, _, port = self._addresses.forward.rpartition(":")
        while not self._stopped.wait(0.2):
            try:
                with socket.create_connection((host, int(port)), timeout=30) as agent:
                    self._send_chunks(agent)
            except (OSError, ValueError):
                self.refused += 1

    def _send_chunks(self, agent: socket.socket) -> None:
        while not self._stopped.wait(0.05):
            batch = uuid.uuid4().hex
            entries = [[int(time.time()), record(batch, number)] for number in range(_SMALL)]
            agent.sendall(msgspec.msgpack.encode(["memory", entries, {"chunk": batch}]))
            wanted = msgspec.msgpack.encode({"ack": batch})
            if agent.recv(len(wanted), socket.MSG_WAITALL) != wanted:
                raise ConnectionError("The agent was not answered.")
            self.acknowledged[batch] = _SMALL

    def _query(self, draw: random.Random) -> None:
        with httpx.Client(trust_env=False, timeout=60) as client:
            while not self._stopped.wait(0.5):
                try:
                    client.post(f"{self._addresses.web}/api/v1/query", json={"sql": _QUERY, "format": "json"})
                except httpx.HTTPError:
                    continue
                self.queries += 1


def record(batch: str, number: int) -> dict[str, object]:
    return {
        "start_time": datetime.now(UTC).isoformat(),
        "method": "GET",
        "path": f"/memory/{number % 50}",
        "response_code": 200,
        "duration": number,
        "bytes_sent": number * 10,
        "upstream_cluster": f"memory-{number % 3}",
        "request_id": f"{batch}-{number}",
        "authority": batch,
    }


def json_body(batch: str, lines: int) -> bytes:
    now = datetime.now(UTC).isoformat()
    return "".join(
        f'{{"start_time":"{now}","method":"GET","path":"/memory/{number % 50}","response_code":200,'
        f'"duration":{number},"bytes_sent":{number * 10},"upstream_cluster":"memory-{number % 3}",'
        f'"request_id":"{batch}-{number}","authority":"{batch}"}}\n'
        for number in range(lines)
    ).encode()


def empty_log_records(count: int) -> bytes:
    return length_delimited(1, length_delimited(2, b"\x12\x00" * count))


def wrong_batches(gatelens: RunningGatelens, acknowledged: dict[str, int]) -> dict[str, tuple[int, int]]:
    """The batches of which not every event is stored once: what is expected, what is there."""
    rows = gatelens.query(
        "SELECT attributes['server.address'] AS batch, count() AS events, uniqExact(request_id) AS different"
        " FROM requests GROUP BY batch HAVING batch != ''"
    )
    stored = {str(row["batch"]): (int(row["events"]), int(row["different"])) for row in rows}
    wrong = {
        batch: (count, stored.get(batch, (0, 0))[0])
        for batch, count in acknowledged.items()
        if stored.get(batch) != (count, count)
    }
    # What was not acknowledged may be there, and only once.
    doubled = {batch: (0, events) for batch, (events, different) in stored.items() if events != different}
    return {**wrong, **doubled}


def unbalanced_segments(gatelens: RunningGatelens) -> list[dict[str, object]]:
    """Segments whose records and rows differ."""
    return gatelens.query(
        "SELECT segment_id, booked, stored FROM"
        " (SELECT segment_id, sum(records) AS booked FROM books GROUP BY segment_id) AS counted"
        " FULL JOIN (SELECT toString(segment_id) AS segment_id, sum(n) AS stored FROM ("
        " SELECT segment_id, count() AS n FROM requests GROUP BY segment_id"
        " UNION ALL SELECT segment_id, count() FROM logs GROUP BY segment_id"
        " UNION ALL SELECT segment_id, count() FROM dead_letters GROUP BY segment_id) GROUP BY segment_id) AS kept"
        " USING segment_id WHERE booked != stored LIMIT 20"
    )
