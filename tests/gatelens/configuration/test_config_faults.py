"""What the configuration says of values that it cannot use."""

from pathlib import Path

import pytest

from gatelens.configuration.config import load_config
from storage.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        (
            "COLLECTOR__SPOOL__MAX_SIZE",
            "abc",
            "collector.spool.max_size: not a size; give bytes, or a number with a unit",
        ),
        ("COLLECTOR__SPOOL__MAX_SIZE", "5 XB", "collector.spool.max_size: not a size"),
        ("MEMORY__LIMIT", "abc", "memory.limit: not a size"),
        (
            "COLLECTOR__FILES__SOURCES",
            "access.log",
            "collector.files.sources: not a list; this one can only be set in the file",
        ),
        ("WEB__LISTNE", "", "web.listne: no such setting"),
    ],
)
def test_a_fault_names_the_setting_and_the_cure(name: str, value: str, fault: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_config(None, {f"GATELENS_{name}": value})
    assert f"\n  - {fault}" in str(raised.value)


def test_lists_of_words_are_set_with_commas() -> None:
    environment = {
        "GATELENS_WEB__ALLOWED_HOSTS": "gatelens.example.com, *.internal",
        "GATELENS_COLLECTOR__HTTP__ALLOWED_HOSTS": "one.example.com",
        "GATELENS_COLLECTOR__HTTP__TRUSTED_PROXIES": "10.0.0.0/8,::1",
        "GATELENS_ACCESS__SENDER_TOKEN_FILES": "/etc/a,/etc/b",
        "GATELENS_ACCESS__READ_TOKEN_FILES": "",
    }
    config = load_config(None, environment)
    assert config.web.allowed_hosts == ("gatelens.example.com", "*.internal")
    assert config.collector.http.allowed_hosts == ("one.example.com",)
    assert [str(network) for network in config.collector.http.trusted_proxies] == ["10.0.0.0/8", "::1/128"]
    assert config.access.sender_token_files == (Path("/etc/a"), Path("/etc/b"))
    assert config.access.read_token_files == ()
