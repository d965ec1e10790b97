"""The head of a request, judged before a parser makes anything of it.

llhttp, the parser, is strict about where lines end, about header names and about Content-Length. What it lets pass and
RFC 9112 does not is refused here.
"""

import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import NamedTuple

_MAX_HEADERS = 100
# As nginx: of the four buffers for large headers, a line may fill one.
_LINES_PER_HEAD = 4
_MOST_DIGITS = 18

_REQUEST_LINE = re.compile(rb"(?P<method>[!#$%&'*+.^_`|~0-9A-Za-z-]+) (?P<target>[!-~]+) HTTP/(?P<version>\d\.\d)\r\n")
# Of a head in small letters. A space before a colon is the parser's to refuse.
_FRAMING = re.compile(rb"\r\n(host|transfer-encoding|content-length|upgrade):[ \t]*([^\r\n]*)")
_SIZE = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
_UPGRADE = re.compile(rb"\r\nupgrade[ \t]*:[^\r\n]*", re.IGNORECASE)
_HOST = re.compile(rb"(?:[\w.~!$&'()*+,;=%-]+|\[[0-9A-Fa-fv:.]+\])(?::\d*)?", re.ASCII)


@dataclass(frozen=True)
class Fault:
    """Why a request is not served, and the answer to it."""

    status: int
    reason: str
    message: str

    def answer(self) -> bytes:
        body = json.dumps({"error": self.message}).encode()
        head = (
            f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        return head.encode() + body


class Head(NamedTuple):
    """A head that may go to the parser, and what follows it."""

    data: bytes
    # None: it comes in chunks.
    body_size: int | None
    # Whether it differs from what the client sent.
    is_changed: bool


class Seen(NamedTuple):
    """A head that was checked: a client's next one mostly differs in the length of its body alone."""

    before_size: bytes
    after_size: bytes

    @classmethod
    def of(cls, head: Head) -> "Seen | None":
        """None if the next head must be checked again."""
        found = None if head.is_changed else _SIZE.search(head.data)
        return cls(head.data[: found.start(1)], head.data[found.end(1) :]) if found else None

    def again(self, data: bytes) -> Head | None:
        """What follows a head that differs in nothing else; None where it does."""
        if not (data.startswith(self.before_size) and data.endswith(self.after_size)):
            return None
        size = data[len(self.before_size) : -len(self.after_size)]
        return Head(data, int(size), False) if size.isdigit() and len(size) <= _MOST_DIGITS else None


_MALFORMED = "malformed"
_TOO_LONG = Fault(414, "uri_too_long", "The request line is too long; send what is long in the body.")
_TOO_LARGE = Fault(431, "headers_too_large", "The headers are too large or too many; send fewer or smaller ones.")
_BAD_LINE = Fault(400, _MALFORMED, "The request line is not one of HTTP/1.1: method, space, target, space, version.")
_BAD_VERSION = Fault(505, "unsupported_version", "Only HTTP/1.1 and HTTP/1.0 are spoken here.")
_BAD_HOST = Fault(400, _MALFORMED, "A request has one Host header, with a name or address and perhaps a port.")
_BAD_CODING = Fault(
    501, "unsupported_coding", "Only 'Transfer-Encoding: chunked' is known; pack a body by Content-Encoding."
)
_BAD_FRAMING = Fault(
    400, _MALFORMED, "The length of the body is not clear; send one Content-Length or, in HTTP/1.1, send it in chunks."
)
_CONNECT = Fault(501, "unsupported_method", "This is no proxy; CONNECT is not served.")


def incomplete(data: bytes | bytearray, max_size: int) -> Fault | None:
    """What is wrong with an incomplete head."""
    if len(data) > max_size // _LINES_PER_HEAD and data.find(b"\r\n", 0, max_size // _LINES_PER_HEAD) < 0:
        return _TOO_LONG
    return _TOO_LARGE if len(data) > max_size else None


def check(head: bytes, max_size: int) -> Head | Fault:
    """What follows a head, or what is wrong with it; the head ends with its empty line."""
    if (oversized := _oversized(head, max_size)) is not None:
        return oversized
    line = _REQUEST_LINE.match(head)
    if line is None:
        return _BAD_LINE
    method, target, version = line.groups()
    if version not in (b"1.1", b"1.0"):
        return _BAD_VERSION
    if method == b"CONNECT":
        return _CONNECT
    return _framed(head, version, target)


def _oversized(head: bytes, max_size: int) -> Fault | None:
    longest = max_size // _LINES_PER_HEAD
    # One line ends the request line, and one the head.
    if head.count(b"\n") > _MAX_HEADERS + 2:
        return _TOO_LARGE
    if len(head) <= longest:
        return None
    if head.find(b"\r\n") > longest:
        return _TOO_LONG
    is_too_large = len(head) > max_size or any(len(line) > longest for line in head.split(b"\r\n"))
    return _TOO_LARGE if is_too_large else None


def _framed(head: bytes, version: bytes, target: bytes) -> Head | Fault:
    found_headers = _FRAMING.findall(head.lower())
    values: dict[bytes, bytes] = dict(found_headers)
    if len(values) < len(found_headers) and (fault := _joined(values, found_headers)) is not None:
        return fault
    host = values.get(b"host")
    if host is None:
        if version == b"1.1":
            return _BAD_HOST
    elif not _HOST.fullmatch(host.rstrip(b" \t")) or not _names_host(target, host):
        return _BAD_HOST
    is_changed = b"upgrade" in values
    if is_changed:
        # As RFC 9110 allows. The parser would take what follows for another protocol, and lose the body.
        head = _UPGRADE.sub(b"", head)
    if b"transfer-encoding" in values:
        return _chunked(head, version, values, is_changed)
    size = values.get(b"content-length", b"0").rstrip(b" \t")
    return Head(head, int(size), is_changed) if size.isdigit() and len(size) <= _MOST_DIGITS else _BAD_FRAMING


def _joined(values: dict[bytes, bytes], found_headers: list[tuple[bytes, bytes]]) -> Fault | None:
    """Make one of headers that are there twice, or say what is wrong with that."""
    names = [name for name, _ in found_headers]
    if names.count(b"host") > 1:
        return _BAD_HOST
    if names.count(b"content-length") > 1:
        return _BAD_FRAMING
    if b"transfer-encoding" in values:
        values[b"transfer-encoding"] = b",".join(value for name, value in found_headers if name == b"transfer-encoding")
    return None


def _names_host(target: bytes, host: bytes) -> bool:
    """Whether a target that is a whole URL names the same host as the header, so that it may be asked alone."""
    if target.startswith(b"/"):
        return True
    _, is_absolute, rest = target.partition(b"://")
    return not is_absolute or rest.partition(b"/")[0].lower() == host.rstrip(b" \t")


def _chunked(head: bytes, version: bytes, values: dict[bytes, bytes], is_changed: bool) -> Head | Fault:
    if b"content-length" in values or version != b"1.1":
        return _BAD_FRAMING
    *others, last = [coding.strip(b" \t") for coding in values[b"transfer-encoding"].split(b",")]
    if last != b"chunked" or b"chunked" in others:
        return _BAD_FRAMING
    return _BAD_CODING if others else Head(head, None, is_changed)
