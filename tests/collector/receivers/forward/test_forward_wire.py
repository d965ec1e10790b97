"""What a connection hands out, and how much of it may wait."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest

from collector.receivers.forward.wire import Wire
from tests.collector.rigs.forward_rig import admission


class _Socket(asyncio.Transport):
    """Takes what is written, and tells whether it is read."""

    def __init__(self, own: socket.socket) -> None:
        super().__init__({"socket": own})
        self.written: list[bytes] = []
        self.is_read = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def pause_reading(self) -> None:
        self.is_read = False

    def resume_reading(self) -> None:
        self.is_read = True


async def _unserved(_: Wire) -> None:
    return


def _connected(look: Callable[[Wire, _Socket], Awaitable[None]]) -> None:
    async def run() -> None:
        with socket.socket(socket.AF_UNIX) as own:
            wire, transport = Wire(_unserved, admission()), _Socket(own)
            wire.connection_made(transport)
            await look(wire, transport)

    asyncio.run(run())


@pytest.mark.parametrize("piece", [b"x" * 100_000, b"x"])
def test_a_bounded_number_of_bytes_waits(piece: bytes) -> None:
    """In small pieces a byte takes many times its size."""

    async def look(wire: Wire, transport: _Socket) -> None:
        taken = 0
        while transport.is_read:
            wire.data_received(piece)
            taken += 1
        assert taken * (len(piece) + 30) < 3 << 20
        assert await wire.read() == [piece] * taken
        assert transport.is_read

    _connected(look)


def test_what_waits_is_read_before_the_end() -> None:
    async def look(wire: Wire, _: _Socket) -> None:
        wire.data_received(b"a")
        wire.data_received(b"b")
        wire.eof_received()
        assert [await wire.read(), await wire.read()] == [[b"a", b"b"], []]

    _connected(look)


def test_a_reader_waits_for_news() -> None:
    async def look(wire: Wire, _: _Socket) -> None:
        reading = asyncio.ensure_future(wire.read())
        await asyncio.sleep(0)
        assert not reading.done()
        wire.data_received(b"a")
        assert await reading == [b"a"]

    _connected(look)


def test_a_broken_connection() -> None:
    async def look(wire: Wire, _: _Socket) -> None:
        wire.pause_writing()
        reading, writing = asyncio.ensure_future(wire.read()), asyncio.ensure_future(wire.write(b"a"))
        await asyncio.sleep(0)
        wire.connection_lost(ConnectionResetError("broken"))
        for waiting in (reading, writing):
            with pytest.raises(ConnectionResetError, match="broken"):
                await waiting

    _connected(look)


def test_a_writer_waits_while_nobody_fetches_its_answers() -> None:
    async def look(wire: Wire, transport: _Socket) -> None:
        wire.pause_writing()
        writing = asyncio.ensure_future(wire.write(b"a"))
        await asyncio.sleep(0)
        assert not writing.done()
        wire.resume_writing()
        await writing
        assert transport.written == [b"a"]

    _connected(look)
