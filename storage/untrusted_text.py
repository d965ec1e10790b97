"""Text that clients have sent, for programs that take some of it for commands: terminals and spreadsheets."""

import re

# What a terminal obeys, but for the ends of lines and tabs that tables are laid out with; and what turns the direction
# of writing, which makes a text look like another one.
_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
# ClickHouse puts every text into quotes, and nothing else that can begin like a formula.
_QUOTED = re.compile(rb'"(?:[^"]|"")*+"')
_QUOTED_FORMULA_STARTS = tuple(f'"{start}'.encode() for start in _FORMULA_STARTS)

# The most that a cell of Excel holds, in UTF-16; libraries cut what is longer without a word.
_LONGEST_CELL = 32_767


def is_text(text: str) -> bool:
    """Whether it can be written as UTF-8; JSON and the arguments of a command can hold what cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def for_terminal(text: str) -> str:
    r"""The text with what a terminal would obey written out, such as \x1b; Unicode's surrogates too."""
    written_out = text.encode("utf-8", "backslashreplace").decode()
    return _COMMANDS.sub(lambda found: _escape(found[0]), written_out)


def bytes_for_terminal(text: bytes) -> bytes:
    """The same of bytes, which may be no text at all."""
    return for_terminal(text.decode("utf-8", "backslashreplace")).encode()


def valid_utf8(content: bytes) -> bytes:
    """The same bytes with U+FFFD for what is no UTF-8, which ClickHouse's strings may hold and JSON may not."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return content.decode("utf-8", "replace").encode()
    return content


def for_spreadsheet(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def csv_for_spreadsheet(content: bytes) -> bytes:
    """The same of every text in a CSV file of ClickHouse's, which is then UTF-8; numbers stay numbers."""
    return _QUOTED.sub(_quoted_for_spreadsheet, valid_utf8(content))


def _quoted_for_spreadsheet(found: re.Match[bytes]) -> bytes:
    quoted = found[0]
    return b"\"'" + quoted[1:] if quoted.startswith(_QUOTED_FORMULA_STARTS) else quoted


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def cell_of_workbook(text: str) -> str:
    """A text as one cell of Excel can hold it; where it is cut, its end says so."""
    units = text.encode("utf-16-le", "replace")
    if len(units) <= 2 * _LONGEST_CELL:
        return text
    note = f" … [cut: {len(text):,} characters are more than a cell of Excel holds; export CSV for all of them]"
    return units[: 2 * (_LONGEST_CELL - len(note))].decode("utf-16-le", "ignore") + note
