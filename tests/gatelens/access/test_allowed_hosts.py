"""Which names are answered to."""

import pytest

from gatelens.access.allowed_hosts import AllowedHosts
from storage.errors import ConfigError

_HOSTS = AllowedHosts(["gatelens.example.com", "*.Internal"], "web.allowed_hosts")


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "localhost:8050", "LOCALHOST", "localhost.", "gatelens.localhost:8050", "127.0.0.1:8050",
        "127.0.0.1", "[::1]:8050", "[::1]", "192.0.2.7:80", "[2001:db8::1]", "gatelens.example.com",
        "Gatelens.Example.Com.:443",        "edge.internal", "a.b.internal:1",
    ],
)  # fmt: skip
def test_loopback_addresses_and_configured_names_are_allowed(host: str) -> None:
    assert _HOSTS.allows(host)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:8050", "127.0.0.1.evil.example", "localhost.evil.example", "notlocalhost", "",
        "internal", "evilinternal", "gatelens.example.com.evil.example", "x.gatelens.example.com", "[::1", "[evil]:80",
        "127.0.0.1@evil.example", "evil.example@127.0.0.1", "0x7f000001.evil.example", "2130706433", "localhost\x00",
    ],
)  # fmt: skip
def test_nothing_else_is(host: str) -> None:
    assert not _HOSTS.allows(host)


def test_of_an_origin_only_configured_names_are_ours() -> None:
    assert _HOSTS.names("gatelens.example.com:8443")
    for host in ("127.0.0.1", "localhost", "192.0.2.7:80", "evil.example"):
        assert not _HOSTS.names(host)


@pytest.mark.parametrize(
    "name", ["https://gatelens.example.com", "gatelens.example.com:8050", "*", "", "a b", "a/b", "*.*"]
)
def test_what_is_no_name_is_a_fault_of_the_settings(name: str) -> None:
    with pytest.raises(ConfigError, match=r"^web\.allowed_hosts has .*without scheme and port"):
        AllowedHosts(["ok", name], "web.allowed_hosts")
