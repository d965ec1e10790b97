"""What stands for the empty value of a dimension, which is the same wherever it is shown."""

from processors.query.absent import ABSENT, NO_ROUTE

_NONE = "(none)"
_UNKNOWN = "(unknown)"
_WORDS = {
    # As filters and rules write them.
    **ABSENT,
    "route": NO_ROUTE,
    "status": "(no answer)",
    "gateway": _UNKNOWN,
    "consumer": _UNKNOWN,
    "client_address": _UNKNOWN,
    "method": _UNKNOWN,
    "user_agent_family": _UNKNOWN,
    "policy": "(not named)",
}

NO_API = ABSENT["api"]
NO_CONSUMER = _WORDS["consumer"]


def absent(dimension: str) -> str:
    """The word for none of a dimension's values."""
    return _WORDS.get(dimension, _NONE)


def value_text(dimension: str, value: object) -> str:
    """A value of a dimension, as the store has it."""
    text = str(value)
    is_absent = not text or (dimension == "status" and text == "0")
    return absent(dimension) if is_absent else text
