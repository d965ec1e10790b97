"""File descriptors: as many as the system lets this process have, and enough of them."""

import logging
import resource

from storage.errors import ConfigError

_log = logging.getLogger(__name__)

# Idle it takes 230; eight queries over 15 wide parts at a time took 620 more; each connection takes one.
_NEEDED = 1_024
_ENOUGH = 4_096
# Some systems have a limit so high that what makes a table of all descriptors takes gigabytes for it.
_MOST = 1 << 20

_CURE = (
    f"give it {_ENOUGH} or more, with `LimitNOFILE={_ENOUGH}` in a systemd unit, `ulimit -Hn`, or "
    f"`--ulimit nofile={_ENOUGH}` of a container."
)


def raise_descriptor_limit() -> None:
    """Raise the soft limit to the hard one; raises ConfigError where that is less than is needed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = _MOST if hard == resource.RLIM_INFINITY else min(hard, _MOST)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < _NEEDED:
        raise ConfigError(f"This process may open {allowed} files at a time and needs {_NEEDED}; {_CURE}")
    if allowed < _ENOUGH:
        _log.warning("This process may open few files at a time; %s", _CURE, extra={"limit": allowed})
