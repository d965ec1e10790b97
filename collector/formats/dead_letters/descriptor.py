"""Payloads that become dead letters as a whole."""

from pathlib import Path

from collector.formats.descriptor import Format
from collector.formats.shapes import DEAD_LETTERS
from collector.formats.shared.layers import PAYLOADS, sql

_FOLDER = Path(__file__).parent


def dead_letters(name: str, summary: str, reason: str) -> Format:
    """A format each of whose payloads is a dead letter for a reason."""
    return Format(
        name,
        summary,
        (*sql(_FOLDER, "dead_letters"), PAYLOADS),
        becomes=(),
        shape=DEAD_LETTERS,
        reason=reason,
        is_ingestible=False,
    )


# Where payloads go that no transform can read.
UNDECODABLE = dead_letters(
    "undecodable", "Payloads that cannot be decoded", "the payload cannot be decoded, or takes too much memory"
)
# Bytes of the spool that are not as they were written, and the beginning of a frame whose writing was interrupted.
DAMAGED = dead_letters(
    "damaged",
    "Bytes of the spool that are damaged",
    "damaged on the disk of the spool: the bytes are not those that were written",
)
CUT_OFF = dead_letters(
    "cut_off",
    "The beginning of a frame whose writing was interrupted",
    "cut off in the spool when Gatelens ended; its sender had no answer and sends it again",
)
