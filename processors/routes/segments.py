"""Segments of paths that are values by their looks."""

import re

_TYPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("uuid", re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")),
    ("date", re.compile(r"[12]\d{3}-\d\d(-\d\d)?|[12]\d{3}-\d\d-\d\dT.*")),
    ("number", re.compile(r"[+-]?\d+(\.\d+)?")),
    # Clients choose paths: nothing here may be matched in more than one way, or a long one keeps the process busy.
    ("email", re.compile(r"[^@\s]++@[^@\s](?=[^@\s]*\.[^@\s])[^@\s]++")),
    ("hash", re.compile(r"(?=[^a-zA-Z]*[a-fA-F])(?=\D*\d)[0-9a-fA-F]{7,}|[0-9a-fA-F]{16,}")),
    # Digits among letters, as ids of many makers: cus_4QFJOjw2pOmAGJ, B07FZ8S74R.
    ("id", re.compile(r"(?=(\D*\d){3})[A-Za-z0-9_.~:-]{6,}")),
    # Letters of both cases that are no words, with a prefix or long: cus_NffrFeUfNVnDGe, dQwXgWcQrstLmnoPq.
    ("id", re.compile(r"[a-z]{1,8}_(?=.*[A-Z])(?=.*[a-z0-9])[A-Za-z0-9]{8,}")),
    ("id", re.compile(r"(?=.*[A-Z])(?=.*[a-z])(?=.*\d)[A-Za-z0-9_-]{16,}")),
)
_PLACEHOLDER = re.compile(r"\{[^{}/]*\}")


def typed(segment: str) -> str:
    """The segment, or {id} for one that looks like a value: a number, UUID, hash, date, e-mail address or id."""
    readable = segment.replace("%40", "@")
    return "{id}" if any(form.fullmatch(readable) for _, form in _TYPES) else segment


def is_placeholder(segment: str) -> bool:
    """Whether the segment stands for a value, as {id} does."""
    return _PLACEHOLDER.fullmatch(segment) is not None


def segments(path: str) -> tuple[str, ...]:
    """What stands between the slashes; of a leading or trailing one nothing."""
    return tuple(path.strip("/").split("/")) if path.strip("/") else ()


def joined(parts: tuple[str, ...]) -> str:
    """The path of segments."""
    return "/" + "/".join(parts)
