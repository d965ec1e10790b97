"""Time zones by their IANA names."""

from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones


@lru_cache(maxsize=1)
def zone_names() -> tuple[str, ...]:
    """Every zone that this machine knows, UTC first."""
    listed = sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/")))
    return ("UTC", *listed)


def is_zone(name: str) -> bool:
    return bool(name) and zone_of(name).key == name


@lru_cache(maxsize=512)
def zone_of(name: str) -> ZoneInfo:
    """The zone of a name; UTC where the name is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
