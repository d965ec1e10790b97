"""One chDB on a directory, asked as ClickHouse's server asks its engine: each request has settings of its own."""

import re
from collections.abc import Mapping
from pathlib import Path

from chdb import _chdb

_INSERT = re.compile(rb"(?P<statement>\s*INSERT\s.*?)\sFORMAT\s+(?P<format>\w+)\s*?\n", re.DOTALL | re.IGNORECASE)
_CODE = re.compile(r"Code:\s*(\d+)")
_UNKNOWN_CODE = 1002
_USER_ERROR = 36


class EngineError(Exception):
    """What ClickHouse answers instead of a result."""

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        found = _CODE.search(message)
        self.code = code or (int(found[1]) if found else _UNKNOWN_CODE)


class ChdbEngine:
    """Safe to use from many threads; the engine runs from here to `close`."""

    def __init__(self, directory: Path) -> None:
        self._path = str(directory)
        # It ends with its last connection.
        self._anchor = _chdb.connect(self._path)  # type: ignore[attr-defined]  # its stub leaves it out
        self.timezone = self.run(b"SELECT timezone()", "TabSeparated").decode().strip()

    def run(
        self,
        sql: bytes,
        output_format: str,
        database: str = "",
        settings: Mapping[str, str] | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> bytes:
        """The answer to one statement, with the data of an INSERT behind it. Raises EngineError."""
        connection = _chdb.connect(self._path)  # type: ignore[attr-defined]  # its stub leaves it out
        try:
            if database:
                connection.query(f"USE {_quoted(database, '`')}", output_format)
            for group in ({f"param_{name}": value for name, value in (parameters or {}).items()}, settings or {}):
                # At once, as `readonly` forbids what comes after it.
                if group:
                    connection.query(f"SET {', '.join(_setting(*each) for each in group.items())}", output_format)
            if insert := _INSERT.match(sql):
                # Measured in chDB 26.9: of data behind the statement, a megabyte is not read to its end.
                stream = connection.send_insert(insert["statement"].decode(), insert["format"].decode())
                connection.insert_append(stream, sql[insert.end() :])
                connection.insert_done(stream)
                return b""
            return bytes(connection.query(sql, output_format, params={}).bytes())
        except RuntimeError as error:
            raise EngineError(str(error)) from error
        finally:
            connection.close()

    def close(self) -> None:
        self._anchor.close()


def _setting(name: str, value: str) -> str:
    if not name.isidentifier():
        raise EngineError(f"Code: {_USER_ERROR}. DB::Exception: {name!r} is no name of a setting. (BAD_ARGUMENTS)")
    return f"{name} = {_quoted(value, chr(39))}"


def _quoted(text: str, mark: str) -> str:
    escaped = text.replace("\\", "\\\\").replace(mark, f"\\{mark}")
    return f"{mark}{escaped}{mark}"
