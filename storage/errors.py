"""Every error that Gatelens raises on purpose.

GatelensError
├── AccessError            an administrator or a token cannot be made, changed or revoked as asked
│   └── AccessUnavailable  the database of access cannot be read or written
├── ConfigError            the configuration cannot be used; raised before anything starts
├── DataDirectoryBusy      another process owns the data directory
├── DiskFull               the disk of the data directory has no room for what is to be done
├── InvalidReport          a report was asked for that cannot be made, e.g. by an unknown dimension
├── PayloadError           a client sent what cannot be accepted; sending it again will not help
│   ├── DeliveryConflict   it repeats a key with another body
│   ├── PayloadStalled     its rest does not come
│   └── PayloadTooLarge
├── ReceiverBusy           no room in memory for another large payload; the client should send it again in a moment
├── SpoolFull              no room on disk for more telemetry; the client should send it again later
└── StoreError             ClickHouse refused or did not answer
    ├── StoreUnavailable   no answer; the same call may work later
    ├── QueryQueueFull     too many queries run and wait; the same query may run later
    ├── QueryRefused       the read-only guard does not allow the query
    ├── QueryLimitExceeded the query would take more time, memory or rows than it may
    │   └── QueryMemoryExceeded  more memory than a statement of its kind may, whatever else runs beside it
    └── QueryFailed        ClickHouse refused the statement itself

A message is one sentence about what happened and one about the cure. It never holds a secret.
"""

__all__ = [
    "AccessError",
    "AccessUnavailable",
    "ConfigError",
    "DataDirectoryBusy",
    "DeliveryConflict",
    "DiskFull",
    "GatelensError",
    "InvalidReport",
    "PayloadError",
    "PayloadStalled",
    "PayloadTooLarge",
    "QueryFailed",
    "QueryLimitExceeded",
    "QueryMemoryExceeded",
    "QueryQueueFull",
    "QueryRefused",
    "ReceiverBusy",
    "SpoolFull",
    "StoreError",
    "StoreUnavailable",
]


class GatelensError(Exception):
    """The root of the tree; `str(error)` is fit to be shown to a user."""


class AccessError(GatelensError):
    """An administrator or a token cannot be made, changed or revoked as asked."""


class AccessUnavailable(AccessError):
    """The database of access cannot be read or written."""


class ConfigError(GatelensError):
    """The configuration cannot be used."""


class DataDirectoryBusy(GatelensError):
    """Another process owns the data directory."""


class DiskFull(GatelensError):
    """The disk of the data directory has no room for what is to be done."""


class InvalidReport(GatelensError):
    """A report was asked for that cannot be made; the message tells what there is to ask for."""


class PayloadError(GatelensError):
    """A client sent what cannot be accepted; sending it again will not help."""


class DeliveryConflict(PayloadError):
    """A client gave a body the key of another one."""


class PayloadStalled(PayloadError):
    """The rest of a payload does not come."""


class PayloadTooLarge(PayloadError):
    """A payload is larger than the limit of its receiver."""


class ReceiverBusy(GatelensError):
    """No room in memory for another large payload; the client should send it again in a moment."""


class SpoolFull(GatelensError):
    """No room on disk for more telemetry; the client should send it again later."""


class StoreError(GatelensError):
    """ClickHouse refused a statement or did not answer."""


class StoreUnavailable(StoreError):
    """ClickHouse did not answer; the same call may work later."""


class QueryQueueFull(StoreError):
    """Too many queries run and wait; the same query may run later."""


class QueryRefused(StoreError):
    """The read-only guard does not allow the query."""


class QueryLimitExceeded(StoreError):
    """A query would take more time, memory or rows than it may."""


class QueryMemoryExceeded(QueryLimitExceeded):
    """A statement would take more memory than one of its kind may, whatever else runs beside it."""


class QueryFailed(StoreError):
    """ClickHouse refused the statement itself."""
