"""Large bodies a slice at a time: as objects of Python, records take many times the bytes that they came as."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from collector.records.place import Part, Place

Member = TypeVar("Member")

SLICE_BYTES = 1 << 20


def line_slices(lines: bytes, size: int = SLICE_BYTES) -> Iterator[bytes]:
    """Lines in slices of whole lines, of about a size unless one line alone is larger."""
    start = 0
    while len(lines) - start > size:
        end = lines.rfind(b"\n", start, start + size)
        if end < 0:
            end = lines.find(b"\n", start + size)
        if end < 0:
            break
        yield lines[start:end]
        start = end + 1
    yield lines[start:]


def member_slices(
    members: Sequence[Member], length: Callable[[Member], int], size: int = SLICE_BYTES
) -> Iterator[Sequence[Member]]:
    """The same of anything that has a length."""
    start = gathered = 0
    for number, member in enumerate(members):
        gathered += length(member)
        if gathered >= size:
            yield members[start : number + 1]
            start, gathered = number + 1, 0
    if start < len(members):
        yield members[start:]


def merged(parts: Iterable[Part]) -> list[Part]:
    """The parts of slices, put together again by format and place."""
    found: defaultdict[tuple[str, Place], list[bytes]] = defaultdict(list)
    for name, lines, place in parts:
        found[name, place].append(lines)
    return [Part(name, b"\n".join(bodies), place) for (name, place), bodies in found.items()]
