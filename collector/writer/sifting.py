"""Payloads taken apart, where ClickHouse would read wrong values of what is in them without a word."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from collector.formats.descriptor import Format
from collector.spool.frame_bodies import body_of, with_bodies


def sifted(known: Format, listed: Sequence[bytes]) -> Mapping[str, list[bytes]]:
    """Frames of a format by the format of what they hold: as they are, or one for each part.

    Those that were damaged on the disk stay as they are: what is wrong with them shows when they are read.
    """
    found: defaultdict[str, list[bytes]] = defaultdict(list)
    for frame in listed:
        body = body_of(frame)
        parts = [] if known.sift is None or body is None else known.sift(body)
        if body is None or known.sift is None or parts == [(known.name, body)]:
            found[known.name].append(frame)
            continue
        for (name, _), apart in zip(parts, with_bodies(frame, (part for _, part in parts)), strict=True):
            found[name].append(apart)
    return found
