"""Every format has telemetry to damage."""

from collector.formats.formats import FORMATS
from tests.collector.damage.damage_rig import LINES, MESSAGES


def test_every_format_is_damaged_in_tests() -> None:
    """A new format needs a line in LINES or a payload in MESSAGES of damage_rig.py."""
    assert {*LINES, *MESSAGES} == set(FORMATS.ingestible)
    assert not LINES.keys() & MESSAGES.keys()
