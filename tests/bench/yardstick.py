"""How fast the machine is at the moment: figures of two runs compare as far as this one does."""

import time
from datetime import UTC, datetime
from pathlib import Path

from storage.store import connect
from tests.bench.log_files import write_log

_LINES = 200_000
_RUNS = 3
_NAMES = (
    "start_time", "route_name", "method", "path", "protocol", "response_code", "response_flags", "bytes_received",
    "bytes_sent", "duration", "upstream_service_time", "x_forwarded_for", "user_agent", "request_id", "authority",
    "upstream_host", "upstream_cluster", "downstream_remote_address", "requested_server_name",
)  # fmt: skip


def lines_per_cpu_second(directory: Path) -> int:
    """JSON lines of which ClickHouse alone, on one thread, extracts 19 fields: the best of a few runs."""
    log = directory / "yardstick.log"
    write_log(log, "envoy_json", _LINES, datetime.now(UTC))
    fields = ", ".join(f"{name} String" for name in _NAMES)
    sql = (
        f"SELECT sum(cityHash64(JSONExtract(line, 'Tuple({fields})'))) "
        f"FROM file('{log}', LineAsString, 'line String') SETTINGS max_threads = 1"
    )
    store = connect(f"chdb://{directory}/yardstick")
    taken = []
    for _ in range(_RUNS):
        before = time.process_time()
        store.command(sql)
        taken.append(time.process_time() - before)
    store.close()
    log.unlink()
    return round(_LINES / min(taken))
