r"""Paths as text that any file of JSON or any column can hold, and the way back.

Linux takes any bytes as a name. Those that are no UTF-8 are written as `\xe9`; a backslash is doubled where it would be
taken for one of these, so that no two paths have the same text.
"""

import re
from pathlib import Path

# Python has bytes that it cannot decode as these lone surrogates: https://peps.python.org/pep-0383/
_BEFORE_ESCAPE = re.compile(r"\\+(?=x[89a-f][0-9a-f]|[\udc80-\udcff])")
_ESCAPE = re.compile(r"(\\+)x([89a-f][0-9a-f])")
_SURROGATES = 0xDC00


def escape_path(path: Path) -> str:
    doubled = _BEFORE_ESCAPE.sub(lambda found: found[0] * 2, str(path))
    return doubled.encode(errors="surrogateescape").decode(errors="backslashreplace")


def unescape_path(text: str) -> Path:
    return Path(_ESCAPE.sub(_unescaped, text))


def _unescaped(found: re.Match[str]) -> str:
    count, is_byte = divmod(len(found[1]), 2)
    return "\\" * count + (chr(_SURROGATES + int(found[2], 16)) if is_byte else f"x{found[2]}")
