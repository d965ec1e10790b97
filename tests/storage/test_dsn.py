"""Where a ClickHouse is: what is refused, and what is shown, without a secret."""

import pytest

from storage.dsn import check_dsn, describe
from storage.errors import ConfigError


@pytest.mark.parametrize(
    "dsn",
    [
        "https://user:hid/den@host/db",
        "https://user:hid#den@host/db",
        "https://user:1#den@host/db",
        "https://user:hid?den@host/db",
        "https://user:1?den@host/db",
        "https://user:hid[den@host/db",
        "https://user:hidden@host:port/db",
        "https://user:hidden@host:99999/db",
        "https://user:hidden@/db",
        "https:///db",
    ],
)
def test_what_is_no_address_is_refused_without_the_password(dsn: str) -> None:
    for arguments, setting in (((dsn,), "storage.dsn"), (("https://user:a@host/db", dsn), "storage.reader_dsn")):
        with pytest.raises(ConfigError, match=rf"^{setting} is no address .* write %2F for a /") as raised:
            check_dsn(*arguments)
        assert "hid" not in str(raised.value)
        assert "den" not in str(raised.value)


@pytest.mark.parametrize(
    ("dsn", "shown"),
    [
        ("https://user:hid%2Fden@host:8443/db", "https://host:8443/db"),
        ("http://user:hidden@host/db?verify=false", "http://host/db"),
        ("http://user:hidden@[::1]:8123/db", "http://[::1]:8123/db"),
        ("http://:hidden@host", "http://host"),
        ("chdb:///a/directory", "chdb:///a/directory"),
    ],
)
def test_what_is_shown_has_no_user_and_no_password(dsn: str, shown: str) -> None:
    check_dsn(dsn)
    assert describe(dsn) == shown
