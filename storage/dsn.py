"""Where a ClickHouse is, as one text: a directory of this machine, or a server."""

from urllib.parse import SplitResult, urlsplit

from storage.errors import ConfigError

EMBEDDED_SCHEME = "chdb"
SERVER_SCHEMES = ("http", "https")


def is_embedded(dsn: str) -> bool:
    """Whether it is a directory."""
    return urlsplit(dsn).scheme == EMBEDDED_SCHEME


def check_dsn(dsn: str, reader_dsn: str = "") -> None:
    """Raises ConfigError where one is no address, the first of no known kind, or the other of another database."""
    ours, readers = _parts("storage.dsn", dsn), _parts("storage.reader_dsn", reader_dsn)
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


def ensure_no_options(setting: str, dsn: str, error: TypeError) -> None:
    """Raise ConfigError where a DSN has options: these are arguments of the driver, which did not know one."""
    if urlsplit(dsn).query:
        raise ConfigError(
            f"{setting} has an option behind ? that is not known, or that belongs before it, as user and password "
            "do in https://user:password@host:8443/db; leave it out."
        ) from error


def describe(dsn: str) -> str:
    """A DSN that has been checked as it may be shown: without user and password."""
    if is_embedded(dsn):
        return dsn
    parts = urlsplit(dsn)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _parts(setting: str, dsn: str) -> SplitResult:
    try:
        parts = urlsplit(dsn)
        # Both only say so when they are looked at.
        is_server = parts.scheme in SERVER_SCHEMES and parts.port != 0
    except ValueError:
        # Its own words may hold a part of the password.
        is_address = False
    else:
        # What begins with digits and a ? is a port and options for urlsplit.
        is_address = not is_server or (bool(parts.hostname) and not parts.fragment and "@" not in parts.query)
    if not is_address:
        raise ConfigError(
            f"{setting} is no address such as https://user:password@host:8443/db; write %2F for a / in the user or the "
            "password, %23 for #, %3F for ?, %40 for @, %5B and %5D for [ and ]."
        )
    return parts
