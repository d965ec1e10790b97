"""Short statements that ask for long values: the limit of memory stops them, or there is no such function."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from storage.errors import QueryRefused
from storage.reader import Reader, reader
from storage.store import Store
from tests.patience import PATIENCE

_LIMIT_MEGABYTES = 200
_LARGEST_MEGABYTES = 900
# A process of its own, whose memory ends at 8 GiB, tells how much the statements took at most.
_MEASURED = """
import json
import resource
import sys
from pathlib import Path

from storage.errors import StoreError
from storage.guard import QueryLimits
from storage.reader import Reader, reader
from storage.store import connect

resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
directory, megabytes, *statements = sys.argv[1:]
store = connect(f"chdb://{directory}")
people = Reader(store, reader(store).guard, QueryLimits(max_seconds=5, max_memory_bytes=int(megabytes) << 20))
taken = {}
for sql in statements:
    Path("/proc/self/clear_refs").write_text("5")
    try:
        people.run(sql, "csv")
    except StoreError:
        pass
    status = Path("/proc/self/status").read_text().splitlines()
    taken[sql] = int(next(line for line in status if line.startswith("VmHWM")).split()[1]) // 1024
print(json.dumps(taken))
store.close()
"""
_LONG = (
    "SELECT length(repeat('x', 1000000000))",
    "SELECT length(repeat(repeat('x', 1000000), number + 900)) FROM numbers(100)",
    "SELECT length(space(1000000000))",
    "SELECT length(leftPad('x', 1000000000, 'y'))",
    "SELECT length(rightPadUTF8('x', 1000000000, 'y'))",
    "SELECT length(range(1000000000))",
    "SELECT length(range(number * 10000000)) FROM numbers(100)",
    "SELECT length(arrayResize([1], 1000000000))",
    "SELECT length(replicate('x', range(100000000)))",
    "SELECT length(format('{:1000000000}', 1))",
    "SELECT length(randomString(1000000000))",
    "SELECT length(randomPrintableASCII(1000000000))",
    "SELECT length(randomStringUTF8(100000000))",
    "SELECT length(randomFixedString(16000000)) FROM numbers(100)",
    "SELECT length(toFixedString('x', 16000000)) FROM numbers(100)",
    "SELECT length(arrayFlatten(arrayMap(x -> range(100000), range(10000))))",
    "SELECT length(arrayShingles(range(1000000), 1000))",
    "SELECT length(mapPopulateSeries(map(0, 1), 1000000000))",
    "SELECT length(timeSlots(now(), toUInt32(4000000000), 1))",
    "SELECT length(groupArrayInsertAt(1, number * 500000000)) FROM numbers(2)",
    "SELECT length(groupArray(repeat('x', 100000))) FROM numbers(1000000)",
    "SELECT length(replaceAll(repeat('a', 10000000), 'a', repeat('b', 1000)))",
    "SELECT length(arrayStringConcat(arrayMap(x -> repeat('x', 100000), range(100000)), ','))",
    "SELECT length(hex(repeat('x', 900000000)))",
    "SELECT bitmapCardinality(bitmapBuild(range(100000000)))",
)

# Multiplied out, its condition is 2 to the power of 60 conditions.
_JOIN_OF_ALTERNATIVES = "SELECT a.number FROM numbers(5) AS a JOIN numbers(5) AS b ON " + " AND ".join(
    f"(a.number = b.number OR a.number + {number} = b.number)" for number in range(60)
)


def test_the_limit_of_memory_holds_within_a_value(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, str(tmp_path), str(_LIMIT_MEGABYTES), *_LONG, _JOIN_OF_ALTERNATIVES],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    taken = json.loads(done.stdout)
    assert {sql: megabytes for sql, megabytes in taken.items() if megabytes > _LARGEST_MEGABYTES} == {}


def test_a_join_of_many_alternatives_is_answered(store: Store) -> None:
    header, *numbers = reader(store).run(_JOIN_OF_ALTERNATIVES, "csv").split()
    assert (header, sorted(map(int, numbers))) == (b'"number"', [0, 1, 2, 3, 4])


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT arrayWithConstant(1000000000, 1)",
        "SELECT printf('%2000000000d', 1)",
        "SELECT printf(concat('%2', '000000000d'), 1)",
        "SELECT polygonsIntersectionCartesian([[[(0., 0.)]]], [[[(0., 0.)]]])",
        "SELECT arrayMap(printf, ['%2000000000d'])",
        "SELECT editDistance(repeat('a', 65000), repeat('b', 65000))",
        "SELECT arrayLevenshteinDistance(range(1000000), range(1000000))",
        "SELECT arraySimilarity(range(1000000), range(1000000), range(1000000), range(1000000))",
        "SELECT arrayReduceInRanges('groupArray', [(1, 1000000)], range(1000000))",
    ],
)
def test_what_takes_no_notice_of_limits_is_refused(store: Store, sql: str) -> None:
    people: Reader = reader(store)
    with pytest.raises(QueryRefused, match="The function"):
        people.run(sql, "csv")
