"""HTTP as bytes on a socket, for what no client library would send."""

import select
import socket
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import urlsplit

from tests.patience import PATIENCE


def connect(url: str, receive_buffer: int = 0) -> socket.socket:
    address = urlsplit(url)
    client = socket.socket()
    client.settimeout(PATIENCE)
    if receive_buffer:
        # Later would be too late: the server knows then that there is more room, and what it sends is dropped.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.connect((address.hostname, address.port))
    return client


def read_to_end(client: socket.socket) -> bytes:
    """All that comes until the server closes the connection, or resets it."""
    found = b""
    with suppress(ConnectionResetError, BrokenPipeError):
        while data := client.recv(1 << 16):
            found += data
    return found


def read_answers(client: socket.socket, number: int) -> list[tuple[int, bytes]]:
    """Status and body of so many answers, each with a Content-Length."""
    answers: list[tuple[int, bytes]] = []
    with client.makefile("rb") as stream:
        while len(answers) < number:
            line = stream.readline()
            assert line, f"the connection ended after {len(answers)} answers"
            status, size = int(line.split()[1]), 0
            while (header := stream.readline()) != b"\r\n":
                name, _, value = header.partition(b":")
                if name.lower() == b"content-length":
                    size = int(value)
            if status != 100:
                answers.append((status, stream.read(size)))
    return answers


def exchange(url: str, request: bytes) -> bytes:
    """What comes for some bytes until the server closes."""
    with connect(url) as client:
        with suppress(ConnectionResetError, BrokenPipeError):
            client.sendall(request)
        return read_to_end(client)


def send_until_cut(client: socket.socket, data: bytes, times: int) -> int:
    """Send the same again and again; returns how often it went out before the connection was cut."""
    for number in range(times):
        try:
            client.sendall(data)
        except OSError:
            return number
    return times


def trickle(client: socket.socket, pieces: Iterable[bytes]) -> bytes:
    """Send a piece now and then until the server says something or cuts; returns what it says."""
    for piece in pieces:
        if select.select([client], [], [], 0.05)[0] or not send_until_cut(client, piece, 1):
            return read_to_end(client)
    raise AssertionError("The connection was never cut.")


def post(path: str, body: bytes, *headers: str) -> bytes:
    told = "".join(f"{header}\r\n" for header in headers)
    return f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{told}Content-Length: {len(body)}\r\n\r\n".encode() + body


def chunked(path: str, chunks: list[bytes], trailers: bytes = b"") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    return head + b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n" + trailers + b"\r\n"
