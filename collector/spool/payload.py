"""A batch of telemetry as a client framed it, not yet looked into."""

from dataclasses import dataclass

# The digest of what is known by its bytes alone.
BY_ITS_BYTES = bytes(16)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a body is recognised by when its sender repeats it: this is the frame of its part `part` of `parts`.

    `key` stands for the sender and the key that it named, `digest` for the content; 16 bytes each. Where the sender
    named none, `key` stands for the bytes that it sent, and `digest` is BY_ITS_BYTES.
    """

    key: bytes
    digest: bytes
    part: int = 0
    parts: int = 1


@dataclass(frozen=True, slots=True)
class Payload:
    """One message of a client: what a receiver hands to the spool and a transform reads back.

    `environment` and `gateway` are what the input says (a setting, a query parameter, a file's import); what
    the body itself says comes first. `peer` is the network peer's address, an instance, or the path of a
    file behind the host that it is of.
    """

    format: str
    body: bytes
    received_at_us: int
    environment: str = ""
    gateway: str = ""
    peer: str = ""
    delivery: Delivery | None = None
