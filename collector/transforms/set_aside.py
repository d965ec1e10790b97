"""Formats of payloads that become dead letters as they are: no client may name them."""

from dataclasses import dataclass

# Where payloads go that no transform can read.
UNDECODABLE = "undecodable"
# And those that Fluent Bit alone can read.
FLUENT_SIGNAL = "fluent_signal"
# What is said to be OTLP's JSON and is not.
NOT_OTLP = "not_otlp"
# Bytes of the spool that are not as they were written, and the beginning of a frame whose writing was interrupted.
DAMAGED = "damaged"
CUT_OFF = "cut_off"


@dataclass(frozen=True)
class SetAside:
    """A format by name, and the reason that its dead letters have."""

    name: str
    summary: str
    reason: str


SET_ASIDE = (
    SetAside(
        UNDECODABLE,
        "Payloads set aside whole",
        "the payload cannot be decoded, or takes too much memory",
    ),
    SetAside(
        FLUENT_SIGNAL,
        "Fluent Bit's metrics and traces over Forward",
        "metrics or traces in an encoding of Fluent Bit alone; send them by its output opentelemetry or "
        "prometheus_remote_write",
    ),
    SetAside(
        NOT_OTLP,
        "What is no export request in OTLP's JSON",
        "not an export request in OTLP's JSON: cut off, of no signal, or with a value that its field cannot hold",
    ),
    SetAside(
        DAMAGED,
        "Bytes of the spool that are damaged",
        "damaged on the disk of the spool: the bytes are not those that were written",
    ),
    SetAside(
        CUT_OFF,
        "The beginning of a frame whose writing was interrupted",
        "cut off in the spool when Gatelens ended; its sender had no answer and sends it again",
    ),
)
