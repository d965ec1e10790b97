"""A batch of telemetry as a client framed it, not yet looked into."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Payload:
    """One message of a client: what a receiver hands to the spool and a transform reads back.

    `environment` and `gateway` are what the input says (a setting, a query parameter, a file's import); what
    the body itself says comes first. `peer` is the network peer's address or the name of an imported file.
    """

    format: str
    body: bytes
    received_at_us: int
    environment: str = ""
    gateway: str = ""
    peer: str = ""
