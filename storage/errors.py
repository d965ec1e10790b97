"""Errors that are raised on purpose: the root of all, and those of the store.

GatelensError
├── AccessError            an administrator or a token cannot be made, changed or revoked as asked
│   └── AccessUnavailable  the database of access cannot be read or written
├── ConfigError            the configuration cannot be used; raised before anything starts
└── StoreError             ClickHouse refused or did not answer
    ├── DiskFull           the disk has no room for what is to be done
    ├── StoreUnavailable   no answer; the same call may work later
    ├── QueryRefused       the read-only guard does not allow the query
    ├── QueryLimitExceeded the query would take more time, memory or rows than it may
    │   └── QueryMemoryExceeded  more memory than a statement of its kind may, whatever else is running
    ├── QueryStopped       somebody stopped the query
    └── QueryFailed        ClickHouse refused the statement itself

What only one package raises stands in its own `errors`: collector, processors, dashboards, gatelens.

A message is one sentence about what happened and one about the cure. It never holds a secret.
"""

__all__ = [
    "AccessError",
    "AccessUnavailable",
    "ConfigError",
    "DiskFull",
    "GatelensError",
    "QueryFailed",
    "QueryLimitExceeded",
    "QueryMemoryExceeded",
    "QueryRefused",
    "QueryStopped",
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


class StoreError(GatelensError):
    """ClickHouse refused a statement or did not answer."""


class DiskFull(StoreError):
    """The disk of the data directory or of ClickHouse has no room for what is to be done."""


class StoreUnavailable(StoreError):
    """ClickHouse did not answer; the same call may work later."""


class QueryRefused(StoreError):
    """The read-only guard does not allow the query."""


class QueryLimitExceeded(StoreError):
    """A query would take more time, memory or rows than it may."""


class QueryMemoryExceeded(QueryLimitExceeded):
    """A statement would take more memory than one of its kind may, whatever else is running."""


class QueryStopped(StoreError):
    """Somebody stopped the query."""


class QueryFailed(StoreError):
    """ClickHouse refused the statement itself."""
