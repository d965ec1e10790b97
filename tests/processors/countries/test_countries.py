"""Countries: what a file of networks says is what questions tell of stored requests, and a bad file changes nothing."""

import ipaddress
import random
import re
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path

import pytest

from processors.countries.countries import Countries
from processors.countries.networks import networks
from processors.query.filters import parse_filter
from processors.query.question import Question
from processors.query.questions import Questions
from processors.time.window import Window
from storage.errors import ConfigError
from storage.store import Store

_ENVIRONMENT = "countries"
_NOON = datetime(2026, 4, 11, 12, tzinfo=UTC)
_REQUESTS = f"""
INSERT INTO requests (time, environment, reporter, api, client_address)
SELECT toDateTime64('2026-04-11 12:00:00', 6, 'UTC'), '{_ENVIRONMENT}', 'gateway', 'orders', address
FROM values('address String', '203.0.113.9', '203.0.113.10', '2001:db8::7', '10.0.0.1', 'unix:@', '')
"""


def test_questions_tell_countries_of_what_was_stored_before(store: Store, tmp_path: Path) -> None:
    store.command(_REQUESTS)
    moments = count()
    countries = Countries(store, lambda: _NOON + timedelta(minutes=next(moments)))
    path = tmp_path / "networks.csv"

    def told() -> dict[str, int]:
        questions = Questions(store, lambda: _NOON + timedelta(hours=1))
        window = Window(_NOON, _NOON + timedelta(hours=1))
        filters = (parse_filter(f"environment={_ENVIRONMENT}"),)
        frame = questions.ask(Question(("requests",), window, ("country",), filters)).frame
        questions.close()
        return dict(zip(frame["country"], frame["requests"].astype(int), strict=True))

    try:
        countries.forget()
        assert told() == {"": 6}
        path.write_text("network,country\n203.0.113.0/24,NL\n2001:db8::,2001:db8::ffff,DE\n")
        countries.take(path)
        assert told() == {"NL": 2, "DE": 1, "": 3}
        path.write_text("203.0.113.0/24,FR\n203.0.113.0/33,FR\n")
        with pytest.raises(ConfigError, match="line 2: "):
            countries.take(path)
        store.command("SYSTEM RELOAD DICTIONARY countries")
        assert told() == {"NL": 2, "DE": 1, "": 3}
        path.write_text("203.0.113.10,203.0.113.255,FR\n")
        countries.take(path)
        assert told() == {"FR": 1, "": 5}
        rows = "SELECT network, loaded_at FROM networks ORDER BY ALL"
        kept = store.rows(rows)
        countries.take(path)
        assert store.rows(rows) == kept
        assert len({at for _, at in kept}) == 1
    finally:
        countries.forget()
    assert told() == {"": 6}


def test_maxminds_format_is_read(tmp_path: Path) -> None:
    path = tmp_path / "country.mmdb"
    path.write_bytes(_mmdb("203.0.113.0/24", "NL"))
    assert list(networks(path)) == [("203.0.113.0/24", "NL")]
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(ConfigError, match="cannot be used"):
        list(networks(path))


@pytest.mark.parametrize(
    "line", ["203.0.113.0/24", "203.0.113.1/24,NL", "203.0.113.0/24,Netherlands", "::1,1.1.1.1,NL"]
)
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "networks.csv"
    path.write_text(f"10.0.0.0/8,ZZ\n{line}\n")
    with pytest.raises(ConfigError, match=r"line 2: .*write `network,country`"):
        list(networks(path))


def test_a_zone_is_no_part_of_a_network(tmp_path: Path) -> None:
    path = tmp_path / "networks.csv"
    path.write_text("10.0.0.0/8,ZZ\nfe80::1%eth0,NL\n")
    with pytest.raises(ConfigError, match="line 2: a network has no zone"):
        list(networks(path))


def test_a_damaged_database_is_refused_or_read_and_brings_nothing_down(tmp_path: Path) -> None:
    whole, chance, path = _mmdb("203.0.113.0/24", "NL"), random.Random(4), tmp_path / "country.mmdb"
    refused = 0
    for number in range(500):
        damaged = bytearray(whole)
        for _ in range(1 + number % 3):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        path.write_bytes(damaged[: chance.randrange(len(damaged))] if number % 5 == 0 else damaged)
        try:
            assert all(re.fullmatch("[A-Z]{2}", country) for _, country in islice(networks(path), 1000))
        except ConfigError:
            refused += 1
    assert refused > 100


def _mmdb(network: str, country: str) -> bytes:
    """A database of one network of IPv4. https://maxmind.github.io/MaxMind-DB/"""
    found = ipaddress.ip_network(network)
    bits = f"{int(found.network_address):032b}"[: found.prefixlen]
    nodes = len(bits)
    tree = b""
    for number, bit in enumerate(bits, start=1):
        # To the next node, at last to the data; the other way there is nothing.
        way = number if number < nodes else nodes + 16
        records = (way, nodes) if bit == "0" else (nodes, way)
        tree += b"".join(record.to_bytes(3) for record in records)
    data = _map(country=_map(iso_code=_text(country)))
    metadata = _map(
        binary_format_major_version=b"\xa1\x02", binary_format_minor_version=b"\xa0", build_epoch=b"\x01\x02\x01",
        database_type=_text("Test"), description=_map(), ip_version=b"\xa1\x04", languages=b"\x00\x04",
        node_count=b"\xc1" + nodes.to_bytes(1), record_size=b"\xa1\x18",
    )  # fmt: skip
    return tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + metadata


def _text(text: str) -> bytes:
    return bytes([0x40 | len(text)]) + text.encode()


def _map(**values: bytes) -> bytes:
    return bytes([0xE0 | len(values)]) + b"".join(_text(name) + value for name, value in values.items())
