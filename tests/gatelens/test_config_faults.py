"""What the configuration says of values that it cannot use."""

import pytest

from gatelens.config import load_config
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
            "WEB__ALLOWED_HOSTS",
            "gatelens.example.com",
            "web.allowed_hosts: not a list; lists can only be set in the file",
        ),
        ("WEB__LISTNE", "", "web.listne: no such setting"),
    ],
)
def test_a_fault_names_the_setting_and_the_cure(name: str, value: str, fault: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_config(None, {f"GATELENS_{name}": value})
    assert f"\n  - {fault}" in str(raised.value)
