"""ClickHouse behind one small surface: embedded (chDB) in this process, or a server."""

import copy
import json
import tempfile
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import clickhouse_connect
import pandas as pd
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error as DriverError

from storage import long_statement
from storage.column_names import ColumnNames
from storage.dsn import check_dsn, describe, ensure_no_options, is_embedded
from storage.engine import start_engine
from storage.faults import cannot_connect
from storage.frame import frame_of
from storage.full_disk import ensure_room
from storage.handle_thread import Result
from storage.landlock import Confinement, hide_environment, is_available
from storage.load_settings import LOAD_SETTINGS, of_inserting, of_reading
from storage.memory_budget import DEFAULT_BUDGET, MemoryBudget
from storage.parsers import Parsers
from storage.pool import Pool
from storage.settings import Settings, clause, literal

# A trial may take a little more than a load, so that what fails in it has not reached the tables in a load.
_TRIAL = 9 / 8
# What passes in half leaves room for the views in a load.
_TIGHT = 1 / 2
# Views copy what was read, and sort the copy: each takes at most as much again.
_WITH_VIEWS = 3

_MESSAGE = "Payload"

_VIEW_DEFINITIONS = """
    SELECT name, as_select FROM system.tables WHERE database = currentDatabase() AND engine = 'View'
"""

Parameters = Mapping[str, Any]


class Store:
    """One ClickHouse database, safe to use from many threads.

    A chDB handle and an HTTP session each serve one call at a time, so handles are pooled. An embedded engine is
    confined to its directory and the readable ones (docs/decisions/0012-query-second-wall.md).
    """

    def __init__(
        self,
        dsn: str,
        memory: MemoryBudget,
        readable: Collection[Path] = (),
        max_handles: int = 8,
        max_readers: int = 2,
        reader_dsn: str = "",
    ) -> None:
        """`readable` are the directories that statements may read files of; where Landlock is, there are no others.

        `reader_dsn` is the same server for a user who may only read, as whom people's statements run.
        """
        self._dsn = dsn
        self._seconds: float | None = None
        self._limits: Settings = {}
        self._pools: list[Pool[Client]] = []
        self._column_names = ColumnNames()
        # Found by writing there, which the threads of the engine may not.
        self._temporary = tempfile.gettempdir()
        # What reading one segment may take; docs/decisions/0008-load-memory.md has what it does take.
        self.load_memory = memory.load
        self._engine_memory = memory.engine
        self._engine_settings = memory.engine_settings()
        self.is_confined = is_available()
        directory = (Path(urlsplit(dsn).path),) if self.embedded else ()
        confinement = Confinement(writable=directory, readable=tuple(readable))
        # The engine starts threads of its own from ours, and what holds for these holds for those.
        self._enter: Callable[[], None] = confinement.enter if self.is_confined else lambda: None
        if self.is_confined:
            hide_environment()
        # An embedded engine ends with its last handle; this one stays open from first to last.
        self._anchor = self._pool(1)
        self._handles = self._pool(max_handles)
        self._reader_dsn = reader_dsn or dsn
        self._readers: dict[tuple[tuple[str, str | int], ...], Pool[Client]] = {}
        self._readers_change = threading.Lock()
        self._max_readers = max_readers
        # What is for a server is parsed here.
        self._parsers = None if self.embedded else Parsers(readable, max_handles)
        self.database: str = self._anchor.run(lambda client: client.database or "default")

    @cached_property
    def view_definitions(self) -> Mapping[str, str]:
        """The SELECT of each view by its name, as migrations have left them."""
        return dict(self.rows(_VIEW_DEFINITIONS))

    @property
    def embedded(self) -> bool:
        """Whether ClickHouse runs inside this process."""
        return is_embedded(self._dsn)

    def apart(
        self, handles: int, seconds: float | None = None, readers: int | None = None, limits: Settings | None = None
    ) -> "Store":
        """The same database through handles of its own, whose calls wait for no others; it is closed with this one.

        A call that has not ended after so many seconds is abandoned; `limits` hold for each of them.
        """
        other = copy.copy(self)
        other._handles = self._pool(handles)
        other._limits = limits or {}
        other._seconds = seconds
        other._max_readers = readers or self._max_readers
        return other

    @property
    def abandoned(self) -> int:
        """How many calls did not end in time."""
        return sum(pool.abandoned for pool in self._pools)

    def frame(
        self,
        sql: str,
        parameters: Parameters | None = None,
        seconds: float | None = None,
        columns: Sequence[str] = (),
    ) -> pd.DataFrame:
        """The result of a SELECT as a frame, a column per column; it is abandoned after so many seconds.

        An answer without rows has these `columns`; without them, the first one of a text costs a further statement.
        """

        def ask(client: Client) -> pd.DataFrame:
            return frame_of(client, sql, dict(parameters or {}), columns, self._column_names)

        return self._handles.run(ask, prepare=self._set_limits, seconds=seconds or self._seconds)

    def rows(self, sql: str, parameters: Parameters | None = None) -> list[tuple[Any, ...]]:
        """The result of a SELECT as tuples."""
        found = self._run(lambda client: client.query(sql, parameters=dict(parameters or {})).result_rows)
        return [tuple(row) for row in found]

    def parse(self, sql: str) -> list[tuple[Any, ...]]:
        """The result of a SELECT that reads none of our tables, always by the engine that we bring along."""
        if self._parsers is None:
            return self.rows(sql)
        return self._parsers.rows(sql)

    def raw(self, sql: str, output_format: str, parameters: Parameters | None = None) -> bytes:
        """The result of a SELECT in one of ClickHouse's output formats, e.g. 'JSONEachRow' or 'Parquet'."""
        return self._run(lambda client: client.raw_query(sql, parameters=dict(parameters or {}), fmt=output_format))

    def read_only(self, sql: str, output_format: str, limits: Settings, seconds: float | None = None) -> bytes:
        """The result of a statement that the guard has passed, in an output format, within limits.

        Embedded, limits hold only when they are set on the handle before the statement comes, and stay as they are
        then; such handles are kept apart by their limits and used for nothing else. A statement that has not ended
        after so many seconds, whatever its limits, is abandoned.
        """
        settings = None if self.embedded else dict(limits)
        return self._readers_within(limits).run(
            lambda client: client.raw_query(sql, fmt=output_format, settings=settings),
            prepare=lambda client: self._limit(client, limits),
            seconds=seconds,
        )

    def stop_reading(self, beginning: str) -> None:
        """End the statements of `read_only` that begin so, and return at once; they raise QueryStopped."""
        # A user of a server may only end its own.
        self._readers_within({}).run(
            lambda client: client.command(
                "KILL QUERY WHERE startsWith(query, {beginning:String}) ASYNC", parameters={"beginning": beginning}
            ),
            seconds=self._seconds,
        )

    def command(self, sql: str, parameters: Parameters | None = None) -> None:
        """Run a statement that returns nothing worth keeping."""
        self._run(lambda client: long_statement.command(client, sql, parameters, embedded=self.embedded))

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], token: str = "") -> None:
        """Insert a few rows made in Python; telemetry comes in through `load`.

        Of inserts with the same `token`, the table keeps the first.
        """
        once = f", async_insert = 0, insert_deduplication_token = {literal(token)}" if token else ""
        # The driver would hand them to an embedded engine in a temporary file, which that may not read.
        lines = "\n".join(json.dumps(list(row), default=str) for row in rows)
        self.command(
            f"INSERT INTO {table} ({', '.join(columns)}) SETTINGS date_time_input_format = 'best_effort'{once} "
            f"FORMAT JSONCompactEachRow\n{lines}"
        )

    def load(
        self, select: str, into: str, columns: Sequence[str], token: str, format_schema: Path, *, roomy: bool = False
    ) -> None:
        """Run a transform over local files and insert what it yields, once and only once for each token.

        `select` reads spool segments with `file(…, Protobuf)`; their message is `Payload` of the .proto file. Raises
        QueryMemoryExceeded where that takes too much memory; where a `trial` passes all the same, it is `roomy` that
        the load has to be.
        """
        settings = {
            **self._reading(format_schema, _WITH_VIEWS if roomy else 1),
            "insert_deduplication_token": token,
        }
        names = ", ".join(columns)
        if self._parsers is None:
            self.command(f"INSERT INTO {into} ({names}) SETTINGS {clause(settings)}\n{select}")
            return
        block = self._parsers.native(f"{select}\nSETTINGS {clause(of_reading(settings))}")
        self._run(lambda client: client.raw_insert(into, columns, block, settings=of_inserting(settings), fmt="Native"))

    def trial(
        self, select: str, into: str, columns: Sequence[str], format_schema: Path, *, tight: bool = False
    ) -> None:
        """Do all of a load but its inserts; raises QueryFailed where the files cannot be read.

        Raises QueryMemoryExceeded where that takes too much memory: then a load of the same has not stored anything, or
        where it is `tight`, could take too much.
        """
        settings = self._reading(format_schema, _TIGHT if tight else _TRIAL)
        if self._parsers is None:
            types = {name: kind for name, kind, *_ in self.rows(f"DESCRIBE TABLE {into}")}
            nowhere = literal(", ".join(f"{name} {types[name]}" for name in columns))
            self.command(f"INSERT INTO FUNCTION null({nowhere}) SETTINGS {clause(settings)}\n{select}")
        else:
            self._parsers.native(f"{select}\nSETTINGS {clause(of_reading(settings))}")

    def ping(self) -> None:
        """Return when ClickHouse answers; raise StoreUnavailable when it does not."""
        self.rows("SELECT 1")

    def ensure_room(self) -> None:
        """Raise DiskFull where an embedded ClickHouse has too little room for another table."""
        if self.embedded:
            ensure_room(Path(urlsplit(self._dsn).path))

    def close(self) -> None:
        """Close every handle; the store is of no use afterwards."""
        for pool in reversed(self._pools):
            pool.close()
        if self._parsers is not None:
            self._parsers.close()

    def _run(self, call: Callable[[Client], Result]) -> Result:
        return self._handles.run(call, prepare=self._set_limits, seconds=self._seconds)

    def _pool(self, size: int, dsn: str = "") -> Pool[Client]:
        enter: Callable[[], None] = self._enter if self.embedded else lambda: None
        pool = Pool(lambda: self._open(dsn or self._dsn), size, DriverError, enter)
        self._pools.append(pool)
        return pool

    def _reading(self, format_schema: Path, share: float) -> Settings:
        return {
            **LOAD_SETTINGS,
            "max_memory_usage": min(int(self.load_memory * share), self._engine_memory),
            "format_schema": f"{format_schema}:{_MESSAGE}",
        }

    def _readers_within(self, limits: Settings) -> Pool[Client]:
        with self._readers_change:
            key = tuple(limits.items())
            if key not in self._readers:
                self._readers[key] = self._pool(self._max_readers, self._reader_dsn)
            return self._readers[key]

    def _limit(self, client: Client, limits: Settings) -> None:
        if self.embedded:
            for name, value in limits.items():
                client.command(f"SET {name} = {literal(value)}")

    def _set_limits(self, client: Client) -> None:
        self._limit(client, self._limits)
        if not self.embedded:
            for name, value in self._limits.items():
                client.set_client_setting(name, value)

    def _open(self, dsn: str) -> Client:
        setting = "storage.dsn" if dsn == self._dsn else "storage.reader_dsn"
        try:
            if self.embedded:
                start_engine(Path(urlsplit(dsn).path), self._temporary)
            # Without a session, calls on several handles never wait for each other.
            options: dict[str, Any] = (
                {"chdb_options": self._engine_settings} if self.embedded else {"autogenerate_session_id": False}
            )
            return clickhouse_connect.get_client(dsn=dsn, **options)
        except (DriverError, OSError) as error:
            raise cannot_connect(describe(dsn), setting, getattr(error, "code", None), str(error)) from error
        except TypeError as error:
            ensure_no_options(setting, dsn, error)
            raise


def connect(
    dsn: str, memory: MemoryBudget = DEFAULT_BUDGET, readable: Collection[Path] = (), reader_dsn: str = ""
) -> Store:
    """Open a store: `chdb:///dir` embedded, `https://user:password@host:8443/database` a server.

    `readable` are the directories that loads read, made where there are none; `reader_dsn` is the same server for a
    user who may only read. Raises ConfigError, StoreUnavailable.
    """
    check_dsn(dsn, reader_dsn)
    if is_embedded(dsn):
        Path(urlsplit(dsn).path).mkdir(parents=True, exist_ok=True)
    for directory in readable:
        directory.mkdir(parents=True, exist_ok=True)
    return Store(dsn, memory, readable, reader_dsn=reader_dsn)
