"""Export requests of OTLP's JSON, each of its signal, told from what is none before ClickHouse reads them.

It reads a number that a field cannot hold as 0, leaves out what it does not look for, and says nothing. A client of
OTLP has been told by the answer; what comes in lines, by Forward, from a file or as a body of them, is looked at here.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Raw

from collector.formats.detect import OTLP_JSON
from collector.formats.formats import NOT_OTLP, Format
from collector.formats.otlp.json_check import check_json
from collector.reframed import body_of, with_bodies
from storage.errors import PayloadError

_SIGNALS = {"resourceLogs": "logs", "resourceMetrics": "metrics", "resourceSpans": "traces"}

_MEMBERS = msgspec.json.Decoder(dict[str, Raw])


def is_sifted(known: Format) -> bool:
    """Whether what is in a format is to be looked at."""
    return bool(known.json_of)


def sifted(known: Format, listed: Sequence[bytes]) -> Mapping[str, list[bytes]]:
    """Frames with a request each by their format, and those that hold none.

    Those that were damaged on the disk stay as they are: what is wrong with them shows when they are read.
    """
    found: defaultdict[str, list[bytes]] = defaultdict(list)
    for frame in listed:
        body = body_of(frame)
        if body is None or _requests(body, known) == [(known.name, body)]:
            found[known.name].append(frame)
            continue
        requests = [request for line in _lines(body) for request in _requests(line, known)]
        framed = with_bodies(frame, (request for _, request in requests))
        for (name, _), apart in zip(requests, framed, strict=True):
            found[name].append(apart)
    return found


def _lines(body: bytes) -> list[bytes]:
    lines = [line for line in body.split(b"\n") if line and not line.isspace()]
    # One that is written over many lines does not end with the first.
    return lines if lines and lines[0].rstrip().endswith(b"}") else [body]


def _requests(body: bytes, known: Format) -> list[tuple[str, bytes]]:
    """What is in an object, a request of each signal, with its format; one that says nothing is of the known."""
    try:
        members = _MEMBERS.decode(body)
        held = {name: value for name, value in members.items() if name in _SIGNALS}
        for name in held:
            check_json(_SIGNALS[name], body)
    except (PayloadError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return [(NOT_OTLP, body)]
    if not held:
        return [(NOT_OTLP if members else known.name, body)]
    if len(held) == 1:
        return [(OTLP_JSON[name], body) for name in held]
    return [(OTLP_JSON[name], b'{"%b":%b}' % (name.encode(), bytes(value))) for name, value in held.items()]
