"""Why telemetry is not taken in.

PayloadError               a client sent what cannot be accepted; sending it again will not help
├── DeliveryConflict       it repeats a key with another body
├── PayloadStalled         its rest does not come
├── PayloadTooLarge        it is larger than the limit of its receiver, or than the whole spool
└── UnknownEncoding        it is packed by something that is not known
ReceiverBusy               no room in memory for another large payload; the client should send it again in a moment
SpoolFull                  no room on disk for more telemetry; the client should send it again later
InvalidReplay              dead letters were chosen that cannot be read again as asked
ReplayUnderWay             dead letters are being read again already
"""

from storage.errors import GatelensError


class PayloadError(GatelensError):
    """A client sent what cannot be accepted; sending it again will not help."""


class DeliveryConflict(PayloadError):
    """A client gave a body the key of another one."""


class PayloadStalled(PayloadError):
    """The rest of a payload does not come."""


class PayloadTooLarge(PayloadError):
    """A payload is larger than the limit of its receiver, or than the whole spool."""


class UnknownEncoding(PayloadError):
    """A payload is packed by something that is not known."""


class ReceiverBusy(GatelensError):
    """No room in memory for another large payload; the client should send it again in a moment."""


class SpoolFull(GatelensError):
    """No room on disk for more telemetry; the client should send it again later."""


class InvalidReplay(GatelensError):
    """The chosen dead letters cannot be replayed as asked; the message says which can."""


class ReplayUnderWay(GatelensError):
    """Dead letters are being read again already; one after the other."""
