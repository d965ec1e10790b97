"""Fluent Forward as Fluent Bit speaks it: chunks that want an answer, a few under way at a time."""

import itertools
import socket
from collections.abc import Callable, Iterator

import msgspec

from gatelens.data_directory.directory import Addresses
from tests.bench.messages import forward_entries
from tests.bench.sender import Repeated
from tests.bench.timed_message import TimedMessage

_RECORDS = 1000
_UNDER_WAY = 4
_TAG = msgspec.msgpack.encode("envoy.edge")


class ForwardSender(Repeated):
    """One connection; each chunk has an id of its own, since one that is known is not stored again."""

    def __init__(
        self, addresses: Addresses, make: Callable[[int, int], Iterator[TimedMessage]] = forward_entries
    ) -> None:
        super().__init__(lambda count: make(count, _RECORDS), _RECORDS)
        host, _, port = addresses.forward.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=60)
        self._answers = msgspec.msgpack.Decoder(dict[str, str])
        self._ids = itertools.count()

    def send_all(self) -> None:
        under_way = 0
        for message in self.messages():
            self._send(message)
            under_way += 1
            if under_way == _UNDER_WAY:
                self._await_answer()
                under_way -= 1
        for _ in range(under_way):
            self._await_answer()

    def send(self, message: bytes) -> None:
        self._send(message)
        self._await_answer()

    def close(self) -> None:
        self._socket.close()

    def _send(self, entries: bytes) -> None:
        options = {"chunk": f"chunk-{next(self._ids):09}", "size": _RECORDS, "fluent_signal": 0}
        self._socket.sendall(b"\x93" + _TAG + entries + msgspec.msgpack.encode(options))

    def _await_answer(self) -> None:
        # {"ack": "chunk-000000000"}
        size = len(msgspec.msgpack.encode({"ack": "chunk-000000000"}))
        answer = self._socket.recv(size, socket.MSG_WAITALL)
        if not self._answers.decode(answer)["ack"].startswith("chunk-"):
            raise RuntimeError(f"The answer {answer!r} is none.")
