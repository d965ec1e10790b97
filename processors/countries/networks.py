"""Files that say in which country networks are: MaxMind's format, or CSV."""

import csv
import hashlib
import ipaddress
import re
from collections.abc import Iterator
from pathlib import Path

from storage.errors import ConfigError

_MMDB = ".mmdb"
_COUNTRY = re.compile(r"[A-Z]{2}")
# MaxMind's free file of countries has 600,000.
_MOST = 5_000_000
_PIECE_BYTES = 1 << 20
# Of what a library says of a file.
_MOST_SHOWN = 200


def digest(path: Path) -> str:
    """What changes with the content of a file. Raises ConfigError."""
    found = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                found.update(piece)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}. Name a file of networks.") from error
    return found.hexdigest()


def networks(path: Path) -> Iterator[tuple[str, str]]:
    """Each network with its country, as '203.0.113.0/24' and 'NL'. Raises ConfigError."""
    found = _of_mmdb(path) if path.suffix == _MMDB else _of_csv(path)
    for number, one in enumerate(found):
        if number == _MOST:
            raise ConfigError(f"{path} has more than {_MOST:,} networks; give a file of countries, not of cities.")
        yield one


def _of_mmdb(path: Path) -> Iterator[tuple[str, str]]:
    try:
        import maxminddb  # noqa: PLC0415 - optional
    except ImportError as error:
        raise ConfigError(
            f"{path} needs the package maxminddb: pip install 'gatelens[geoip]'. A CSV file of networks needs nothing."
        ) from error
    try:
        # In Python: the reader in C brings the whole process down over a damaged file.
        with maxminddb.open_database(path, maxminddb.MODE_MEMORY) as database:
            for network, record in database:
                if country := _iso_code(record):
                    yield str(network), country
    except Exception as error:
        # Of a damaged file the library raises whatever that leads it to.
        raise ConfigError(f"{path} cannot be used: {str(error)[:_MOST_SHOWN]!r}. Download it anew.") from error


def _iso_code(record: object) -> str:
    """The country in which addresses are, or else where they are registered; '' if neither is known."""
    for key in ("country", "registered_country"):
        country = record.get(key) if isinstance(record, dict) else None
        code = country.get("iso_code") if isinstance(country, dict) else None
        if isinstance(code, str) and _COUNTRY.fullmatch(code):
            return code
    return ""


def _of_csv(path: Path) -> Iterator[tuple[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file)
            for fields in lines:
                if not fields or fields[0].startswith("#"):
                    continue
                try:
                    yield from _of_line([field.strip() for field in fields])
                except (TypeError, ValueError) as error:
                    # A heading.
                    if lines.line_num > 1:
                        raise ConfigError(
                            f"{path}: line {lines.line_num}: {error}; write `network,country` or "
                            "`first,last,country`, as in 203.0.113.0/24,NL."
                        ) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path} cannot be read: {error}. Name a CSV file in UTF-8.") from error


def _of_line(fields: list[str]) -> Iterator[tuple[str, str]]:
    """Raises ValueError."""
    *where, country = fields
    if len(where) not in (1, 2):
        raise ValueError(f"there are {len(fields)} fields")
    if len(where) == 1:
        found = iter([ipaddress.ip_network(where[0])])
    else:
        found = ipaddress.summarize_address_range(*map(ipaddress.ip_address, where))
    if any("%" in address for address in where):
        raise ValueError("a network has no zone, such as %eth0")
    if not _COUNTRY.fullmatch(country):
        raise ValueError(f"{country[:40]!r} is no country of ISO 3166, such as NL")
    for network in found:
        yield str(network), country
