"""Where imported blocks go: into this process' own spool, or to the process that owns the data directory."""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from collector.importer.block import Block
from collector.spool.payload import Payload
from collector.spool.spool import Spool
from collector.writer.segment_ledger import Segments, segments, stored_segments
from gatelens.data_directory.directory import Addresses
from gatelens.data_directory.local_access import refusal
from storage.errors import GatelensError
from storage.store import Store

_WAITING_SEGMENTS = 3
_PATIENCE_SECONDS = 0.05


class SpoolSink:
    """The spool of this process; waits while the writer is behind."""

    def __init__(self, spool: Spool, store: Store) -> None:
        self._spool = spool
        self._store = store

    def stored(self, prefix: str) -> set[str]:
        # What waits will be stored, maybe under an id that goes on behind that of the block.
        return {*self._spool.waiting(prefix), *stored_segments(self._store, prefix)}

    def find(self, prefix: str) -> Segments:
        """Where the segments are whose ids begin so."""
        return segments(self._store, self._spool, prefix)

    def ask(self, sql: str) -> Sequence[Mapping[str, Any]]:
        """The rows that a SELECT finds."""
        return _rows(self._store.raw(sql, "JSONEachRow"))

    def send(self, block: Block) -> None:
        while self._spool.backlog >= _WAITING_SEGMENTS:
            time.sleep(_PATIENCE_SECONDS)
        payload = Payload(
            block.format, block.body, time.time_ns() // 1000, block.environment, block.gateway, block.peer
        )
        self._spool.append_segment(block.segment_id, [payload])


class HttpSink:
    """A running Gatelens; raises httpx.HTTPError where it does not answer."""

    SECONDS = 60.0

    def __init__(self, addresses: Addresses, client: httpx.Client | None = None) -> None:
        """`client` has what the process asks of its clients; without it, that is nothing."""
        self._addresses = addresses
        self._client = client or httpx.Client(timeout=self.SECONDS, trust_env=False)

    def stored(self, prefix: str) -> set[str]:
        found = self.find(prefix)
        return {*found.waiting, *found.stored}

    def find(self, prefix: str) -> Segments:
        """Where the segments are whose ids begin so."""
        answer = self._client.get(f"{self._addresses.web}/api/v1/segments", params={"prefix": prefix})
        try:
            return Segments(**answer.raise_for_status().json())
        except TypeError as error:
            raise GatelensError(
                "The running Gatelens is of another version than this command; restart it with this version."
            ) from error

    def ask(self, sql: str) -> Sequence[Mapping[str, Any]]:
        """The rows that a SELECT finds; raises GatelensError where it is not answered."""
        answer = self._client.post(f"{self._addresses.web}/api/v1/query", json={"sql": sql, "format": "jsonl"})
        if answer.is_error:
            raise GatelensError(refusal(answer))
        return _rows(answer.content)

    def send(self, block: Block) -> None:
        while True:
            answer = self._client.post(
                f"{self._addresses.http}/ingest/{block.format}",
                params={
                    "environment": block.environment,
                    "gateway": block.gateway,
                    "peer": block.peer,
                    "own_segment": "true",
                },
                headers={"Idempotency-Key": block.segment_id},
                content=block.body,
            )
            if answer.status_code != 503:
                break
            time.sleep(1)
        if answer.is_error:
            raise GatelensError(f"The running Gatelens refused a block of {block.peer}: {answer.text}")

    def close(self) -> None:
        self._client.close()


def _rows(lines: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.splitlines()]
