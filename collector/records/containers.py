"""What a container wrote, out of the lines that its runtime wrapped it in.

Docker: one JSON object a line, {"log": "…\\n", "stream": …, "time": …}; of a long line several, only the last with \\n.
CRI: `time stream tag line`, with the tag F, or P for a part of a long line.
https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from io import BytesIO
from operator import attrgetter

import msgspec

_CRI = re.compile(rb"^(\d{4}-\S+ )(stdout|stderr) ([PF])(?::\S*)? ?", re.MULTILINE)
# From the newline before: a search for a fixed byte is five times as fast as one for the start of a line.
_CRI_AFTER_NEWLINE = re.compile(rb"\n\d{4}-\S+ (?:stdout|stderr) [PF](?::\S*)? ?")
_CRI_PART = re.compile(rb" std(?:out|err) P")
_DOCKER = re.compile(rb'^\{"log":".*"stream":"(stdout|stderr)"')
_DOCKER_WHOLE = b'\\n","stream":'


class _DockerLine(msgspec.Struct):
    log: str
    stream: str = ""
    time: str = ""


_DOCKER_DECODER = msgspec.json.Decoder(_DockerLine)
_FAULTS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def container_of(line: bytes) -> str:
    """The wrapper that a line is in: 'docker', 'cri' or 'none'."""
    if _DOCKER.match(line):
        return "docker"
    return "cri" if _CRI.match(line) else "none"


def unwrap(block: bytes, container: str, untimed_line: str = "") -> bytes:
    """The lines that were wrapped; one that is not wrapped, or wrapped wrongly, stays as it is.

    Those that match `untimed_line` get the time of the wrapper before them.
    """
    if container == "docker":
        return _docker(block, re.compile(untimed_line) if untimed_line else None)
    return _cri(block, untimed_line) if container == "cri" else block


def open_part(block: bytes, container: str) -> int:
    """Where the first incomplete line starts; the length of the block if all are complete."""
    if container == "docker":
        if block.count(_DOCKER_WHOLE) == block.count(b"\n"):
            return len(block)
        return _first_open(block, _docker_parts(block))
    if container == "cri" and _CRI_PART.search(block):
        return _first_open(block, _cri_parts(block))
    return len(block)


def _cri(block: bytes, untimed_line: str) -> bytes:
    if _CRI_PART.search(block):
        block = _join_cri(block)
    block = b"\n" + block
    if untimed_line:
        block = _cri_of_untimed(untimed_line).sub(rb"\n\1", block)
    return _CRI_AFTER_NEWLINE.sub(b"\n", block)[1:]


@cache
def _cri_of_untimed(untimed_line: str) -> re.Pattern[bytes]:
    return re.compile(rb"\n(\d{4}-\S+ )(?:stdout|stderr) [PF](?::\S*)? (?=" + untimed_line.encode() + rb")")


def _join_cri(block: bytes) -> bytes:
    """The lines in their wrapper, each in one part; parts of the two streams may be mixed."""
    whole = []
    parts: dict[bytes, list[bytes]] = defaultdict(list)
    for line in BytesIO(block):
        found = _CRI.match(line)
        if found is None:
            whole.append(line)
            continue
        stream, tag = found[2], found[3]
        open_parts = parts[stream]
        open_parts.append(line[found.end() :] if open_parts else line)
        if tag == b"P":
            open_parts[-1] = open_parts[-1].rstrip(b"\n")
        else:
            whole += open_parts
            open_parts.clear()
    # The writer is gone, or the line longer than a block.
    whole += [part for open_parts in parts.values() if open_parts for part in (*open_parts, b"\n")]
    return b"".join(whole)


def _docker(block: bytes, untimed: re.Pattern[str] | None) -> bytes:
    try:
        lines = _DOCKER_DECODER.decode_lines(block)
    except _FAULTS:
        return b"".join(_docker_one_by_one(block, untimed))
    return _docker_text(lines, untimed)


def _docker_text(lines: list[_DockerLine], untimed: re.Pattern[str] | None) -> bytes:
    if untimed is not None:
        text = "".join(f"{line.time} {line.log}" if untimed.match(line.log) else line.log for line in lines)
    else:
        text = "".join(map(attrgetter("log"), lines))
    if text.count("\n") != len(lines) and len({line.stream for line in lines}) > 1:
        streams: dict[str, list[_DockerLine]] = defaultdict(list)
        for line in lines:
            streams[line.stream].append(line)
        return b"".join(_docker_text(of_stream, untimed) for of_stream in streams.values())
    return _ended(text.encode(errors="surrogatepass"))


def _docker_one_by_one(block: bytes, untimed: re.Pattern[str] | None) -> Iterator[bytes]:
    whole: list[_DockerLine] = []
    for line in BytesIO(block):
        try:
            whole.append(_DOCKER_DECODER.decode(line))
        except _FAULTS:
            yield _ended(line)
    yield _docker_text(whole, untimed)


def _ended(text: bytes) -> bytes:
    return text if text.endswith(b"\n") or not text else text + b"\n"


def _cri_parts(block: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """(start, stream, whether its last part) of each line."""
    for found in _CRI.finditer(block):
        yield found.start(), found[2], found[3] == b"F"


def _docker_parts(block: bytes) -> Iterator[tuple[int, bytes, bool]]:
    start = 0
    for line in BytesIO(block):
        stream = b"stderr" if b'"stream":"stderr"' in line else b"stdout"
        # Anything but Docker's objects is complete.
        yield start, stream, _DOCKER_WHOLE in line or b'"stream":' not in line
        start += len(line)


def _first_open(block: bytes, parts: Iterable[tuple[int, bytes, bool]]) -> int:
    starts: dict[bytes, int] = {}
    for start, stream, is_last in parts:
        if is_last:
            starts.pop(stream, None)
        else:
            starts.setdefault(stream, start)
    return min(starts.values(), default=len(block))
