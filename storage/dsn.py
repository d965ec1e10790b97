"""Where a ClickHouse is, as one text: a directory of this machine, or a server."""

from urllib.parse import urlsplit

from storage.errors import ConfigError

EMBEDDED_SCHEME = "chdb"
SERVER_SCHEMES = ("http", "https")


def is_embedded(dsn: str) -> bool:
    """Whether it is a directory."""
    return urlsplit(dsn).scheme == EMBEDDED_SCHEME


def check_dsn(dsn: str, reader_dsn: str = "") -> None:
    """Raises ConfigError where the first is of no kind that is known, or the other of another database."""
    ours, readers = urlsplit(dsn), urlsplit(reader_dsn)
    if ours.scheme not in (EMBEDDED_SCHEME, *SERVER_SCHEMES):
        raise ConfigError(
            f"storage.dsn starts with {ours.scheme!r}; use chdb:///directory or https://user:password@host:8443/db."
        )
    places = [(parts.scheme, parts.hostname, parts.port, parts.path) for parts in (ours, readers)]
    if reader_dsn and (is_embedded(dsn) or places[0] != places[1]):
        raise ConfigError(
            "storage.reader_dsn is for another database than storage.dsn; give the same server, port and database with "
            "another user, or leave it out where ClickHouse is embedded."
        )


def describe(dsn: str) -> str:
    """The DSN as it may be shown: without user and password."""
    if is_embedded(dsn):
        return dsn
    parts = urlsplit(dsn)
    return f"{parts.scheme}://{parts.hostname}:{parts.port or ''}{parts.path}"
