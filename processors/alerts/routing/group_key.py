"""The identity of a group of alerts, as Alertmanager writes it."""

from collections.abc import Mapping

_ESCAPES = {
    '"': '\\"', "\\": "\\\\",
    "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v",
}  # fmt: skip


def group_key(labels: Mapping[str, str], route: str = "{}") -> str:
    """The key of a group of alerts below a route, the root where none is named."""
    return f"{route}:{{{', '.join(f'{name}={_quoted(labels[name])}' for name in sorted(labels))}}}"


def _quoted(text: str) -> str:
    """A string as Go's %q quotes it."""
    return f'"{"".join(map(_quoted_character, text))}"'


def _quoted_character(character: str) -> str:
    if character in _ESCAPES or character.isprintable():
        return _ESCAPES.get(character, character)
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
