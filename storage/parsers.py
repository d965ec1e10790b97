"""The engine that Gatelens brings along where its tables are on a server: it parses, and holds nothing."""

import json
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from storage import long_statement
from storage.engine import parser, start_engine
from storage.landlock import Confinement, is_available
from storage.pool import Pool

if TYPE_CHECKING:
    from chdb.state.sqlitelike import Connection


class Parsers:
    """Runs statements that read files and none of our tables; safe to use from many threads."""

    def __init__(self, readable: Collection[Path], max_handles: int) -> None:
        """`readable` are the directories whose files they may read; where Landlock is, there are no others."""
        # Found by writing there, which the threads of the engine may not.
        self._temporary = tempfile.gettempdir()
        # It keeps nothing, and still needs a place of its own.
        self._place = tempfile.TemporaryDirectory(prefix="gatelens-parser-")
        confinement = Confinement(writable=(Path(self._place.name),), readable=tuple(readable))
        enter = confinement.enter if is_available() else lambda: None
        self._pool: Pool[Connection] = Pool(self._open, max_handles, RuntimeError, enter)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The result of a SELECT as tuples. Raises StoreError."""
        found = self._pool.run(lambda parser: bytes(parser.query(sql, "JSONCompactEachRow").bytes()))
        return [tuple(json.loads(line)) for line in found.splitlines()]

    def native(self, sql: str) -> bytes:
        """The result of a SELECT, however long that is, in ClickHouse's own format. Raises StoreError."""
        return self._pool.run(lambda parser: long_statement.answer(parser, sql, "Native"))

    def close(self) -> None:
        self._pool.close()
        self._place.cleanup()

    def _open(self) -> "Connection":
        place = Path(self._place.name)
        start_engine(place, self._temporary)
        return parser(place)
