"""TCP between a sender and Gatelens that loses answers: they were given, and the sender sees its connection end."""

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

_HTTP_2 = b"PRI * HTTP/2.0"
_FRAME_HEAD_BYTES = 9
_HEADERS = 1


class AnswerProxy:
    """Listens from entry to exit; `target` is 'host:port', and may change while it does."""

    def __init__(self, target: str, is_lost: Callable[[], bool]) -> None:
        """`is_lost` is asked once for each answer, before a byte of it goes on."""
        self.target = target
        self._is_lost = is_lost
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._serve)]
        self._open: list[socket.socket] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for one in (self._listening, *self._open):
            _end(one)
        for thread in list(self._threads):
            thread.join()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = self._listening.accept()[0]
                host, _, port = self.target.rpartition(":")
                try:
                    server = socket.create_connection((host, int(port)))
                except OSError:
                    client.close()
                    continue
                self._open += [client, server]
                connection = _Connection(client, server, self._is_lost)
                for work in (connection.ask, connection.answer):
                    self._threads.append(threading.Thread(target=work))
                    self._threads[-1].start()


class _Connection:
    def __init__(self, client: socket.socket, server: socket.socket, is_lost: Callable[[], bool]) -> None:
        self._client = client
        self._server = server
        self._is_lost = is_lost
        self._is_http_2 = False
        self._is_asked = False
        self._frames = bytearray()
        self._answered: set[int] = set()

    def ask(self) -> None:
        with contextlib.suppress(OSError):
            while sent := self._client.recv(1 << 16):
                self._is_http_2 |= sent.startswith(_HTTP_2)
                self._is_asked = True
                self._server.sendall(sent)
        _end(self._server)

    def answer(self) -> None:
        with contextlib.suppress(OSError):
            while told := self._server.recv(1 << 16):
                if self._begins_answer(told) and self._is_lost():
                    break
                self._client.sendall(told)
        _end(self._server)
        _end(self._client)

    def _begins_answer(self, told: bytes) -> bool:
        if self._is_http_2:
            return self._begins_stream(told)
        was_asked, self._is_asked = self._is_asked, False
        return was_asked

    def _begins_stream(self, told: bytes) -> bool:
        """Whether the headers of an answer are among these bytes: the server also speaks of the connection."""
        self._frames += told
        begun = set()
        while len(self._frames) >= _FRAME_HEAD_BYTES:
            size = _FRAME_HEAD_BYTES + int.from_bytes(self._frames[:3], "big")
            if len(self._frames) < size:
                break
            if self._frames[3] == _HEADERS:
                begun.add(int.from_bytes(self._frames[5:9], "big"))
            del self._frames[:size]
        is_new = bool(begun - self._answered)
        self._answered |= begun
        return is_new


def _end(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
