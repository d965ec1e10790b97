"""How fast the machine and its ClickHouse are at the moment: figures of two runs compare as far as these do."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from storage.sql import statements
from storage.store import Store, connect
from tests.bench.log_files import write_log

_PARSED_LINES = 200_000
_STORED_LINES = 500_000
_RUNS = 3
_SEGMENT_BYTES = 64 << 20
_SETTLING_SECONDS = 5.0
_NUMBERS = ("response_code", "bytes_received", "bytes_sent", "duration", "upstream_service_time")
_NAMES = (
    "start_time", "route_name", "method", "path", "protocol", "response_code", "response_flags", "bytes_received",
    "bytes_sent", "duration", "upstream_service_time", "x_forwarded_for", "user_agent", "request_id", "authority",
    "upstream_host", "upstream_cluster", "downstream_remote_address", "requested_server_name",
)  # fmt: skip
_LINE = f"JSONExtract(line, 'Tuple({', '.join(f'{name} String' for name in _NAMES)})')"
_DDL = Path(__file__).with_name("engine_alone.sql")


def yardsticks(directory: Path) -> dict[str, int]:
    """JSON lines a CPU-second that ClickHouse alone extracts, and that it extracts, stores and rolls up."""
    store = connect(f"chdb://{directory}/yardstick", readable=[directory])
    try:
        return {
            "yardstick_lines_per_cpu_second": _parsed(store, directory / "parsed.log"),
            "engine_alone_lines_per_cpu_second": _stored(store, directory / "stored.log"),
        }
    finally:
        store.close()


def _parsed(store: Store, log: Path) -> int:
    """The best of a few runs on one thread, whose result is thrown away."""
    write_log(log, "envoy_json", _PARSED_LINES, datetime.now(UTC))
    sql = f"SELECT sum(cityHash64({_LINE})) FROM file('{log}', LineAsString, 'line String') SETTINGS max_threads = 1"
    taken = []
    for _ in range(_RUNS):
        before = time.process_time()
        store.command(sql)
        taken.append(time.process_time() - before)
    log.unlink()
    return round(_PARSED_LINES / min(taken))


def _stored(store: Store, log: Path) -> int:
    """With the merges of the seconds after it, as for Gatelens' own figures."""
    for statement in statements(_DDL.read_text(encoding="utf-8")):
        store.command(statement)
    write_log(log, "envoy_json", _STORED_LINES, datetime.now(UTC))
    segments = list(_segments(log))
    before = time.process_time()
    for segment in segments:
        store.command(
            "INSERT INTO bare_requests SETTINGS max_threads = 1, max_insert_threads = 1, "
            "min_insert_block_size_rows = 100000000, min_insert_block_size_bytes = 0\n"
            f"SELECT {', '.join(map(_column, _NAMES))} FROM (SELECT {_LINE} AS told "
            f"FROM file('{segment}', LineAsString, 'line String'))"
        )
    time.sleep(_SETTLING_SECONDS)
    spent = time.process_time() - before
    stored = store.rows("SELECT sum(requests) FROM bare_1m")
    if stored != [(_STORED_LINES,)]:
        raise RuntimeError(f"{stored} lines were stored of {_STORED_LINES}.")
    for path in (log, *segments):
        path.unlink()
    return round(_STORED_LINES / spent)


def _column(name: str) -> str:
    told = f"tupleElement(told, '{name}')"
    if name == "start_time":
        return f"parseDateTime64BestEffortOrZero({told}, 6, 'UTC') AS {name}"
    return f"toUInt64OrZero({told}) AS {name}" if name in _NUMBERS else f"{told} AS {name}"


def _segments(log: Path) -> Iterator[Path]:
    """The log in files of the size of a segment."""
    with log.open("rb") as file:
        for number, block in enumerate(iter(lambda: file.read(_SEGMENT_BYTES) + file.readline(), b"")):
            part = log.with_suffix(f".{number}")
            part.write_bytes(block)
            yield part
