"""The head of a request, judged before a parser makes anything of it.

llhttp, the parser, is strict about where lines end, about header names and about Content-Length. What it lets pass and
RFC 9112 does not is refused here.
"""

import re
from dataclasses import dataclass

_MAX_HEADERS = 100
# As nginx: of the four buffers for large headers, a line may fill one.
_LINES_PER_HEAD = 4
_MOST_DIGITS = 18

_REQUEST_LINE = re.compile(rb"(?P<method>[!#$%&'*+.^_`|~0-9A-Za-z-]+) (?P<target>[!-~]+) HTTP/(?P<version>\d\.\d)\r\n")
_FRAMING = re.compile(rb"\r\n(host|transfer-encoding|content-length|upgrade)[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)
_UPGRADE = re.compile(rb"\r\nupgrade[ \t]*:[^\r\n]*", re.IGNORECASE)
_HOST = re.compile(rb"(?:[\w.~!$&'()*+,;=%-]+|\[[0-9A-Fa-fv:.]+\])(?::\d*)?", re.ASCII)


@dataclass(frozen=True)
class Fault:
    """Why a request is not served, and the answer to it."""

    status: int
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Head:
    """A head that may go to the parser, and what follows it."""

    data: bytes
    # None: it comes in chunks.
    body_size: int | None


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
    """What is wrong with a head of which the end has not come."""
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
    hosts: list[bytes] = []
    codings: list[bytes] = []
    sizes: list[bytes] = []
    for name, value in _FRAMING.findall(head):
        match name[0] | 0x20:
            case 0x68:
                hosts.append(value.rstrip(b" \t"))
            case 0x74:
                codings.append(value.strip(b" \t").lower())
            case 0x63:
                sizes.append(value.rstrip(b" \t"))
            case _:
                # As RFC 9110 allows. The parser would take what follows for another protocol, and lose the body.
                head = _UPGRADE.sub(b"", head)
    if len(hosts) != 1 and (hosts or version == b"1.1"):
        return _BAD_HOST
    if hosts and not (_HOST.fullmatch(hosts[0]) and _names_host(target, hosts[0])):
        return _BAD_HOST
    if codings:
        return _chunked(head, version, codings, sizes)
    if not sizes:
        return Head(head, 0)
    if len(sizes) > 1 or not sizes[0].isdigit() or len(sizes[0]) > _MOST_DIGITS:
        return _BAD_FRAMING
    return Head(head, int(sizes[0]))


def _names_host(target: bytes, host: bytes) -> bool:
    """Whether a target that is a whole URL names the same host as the header, so that it may be asked alone."""
    if target.startswith(b"/"):
        return True
    _, is_absolute, rest = target.partition(b"://")
    return not is_absolute or rest.partition(b"/")[0].lower() == host.lower()


def _chunked(head: bytes, version: bytes, codings: list[bytes], sizes: list[bytes]) -> Head | Fault:
    if sizes or version != b"1.1":
        return _BAD_FRAMING
    if codings == [b"chunked"]:
        return Head(head, None)
    listed = [coding.strip() for coding in b",".join(codings).split(b",")]
    return _BAD_CODING if listed[-1] == b"chunked" and b"chunked" not in listed[:-1] else _BAD_FRAMING
