"""Text in a statement."""


def literal(text: str) -> str:
    """A string literal of ClickHouse that says `text` and nothing else, whatever is in it.

    Braces are written by their codes: in layers they name what is filled in.
    """
    return "'" + "".join(map(_character, text)) + "'"


def _character(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if character in "{}" or ord(character) < 0x20:
        return f"\\x{ord(character):02X}"
    return character
