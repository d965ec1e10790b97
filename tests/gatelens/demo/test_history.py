"""History: every stretch of the past is stored once, however often and at whatever point it is begun again."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from opentelemetry.metrics import NoOpMeter

from collector.formats.config import TransformConfig
from collector.importer.block import Block
from collector.spool.config import SpoolConfig
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from collector.writer.segment_ledger import Segments
from collector.writer.writer import Writer
from gatelens.data_directory.block_sinks import SpoolSink
from gatelens.demo.past import history
from gatelens.demo.past.history import ENVIRONMENT, Filled, History, parse_length, stretches, thinned
from gatelens.demo.past.log_lines import flex_lines, lines, mule_lines
from gatelens.demo.past.past import draw
from storage.errors import ConfigError
from storage.store import Store

_KINDS = {"envoy", "flex", "mule", "mesh"}
_GATEWAYS = {"demo-gateway", "demo-flex", "mule", "checkout.shop", "inventory.shop"}

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


class Sink:
    """Keeps blocks in memory, under ids as the HTTP receiver makes them, and may fail at one."""

    def __init__(self, failing_at: int = -1) -> None:
        self.blocks: dict[str, Block] = {}
        self.sent = 0
        self._failing_at = failing_at

    def stored(self, prefix: str) -> set[str]:
        return {f"{segment_id}+digest" for segment_id in self.blocks if segment_id.startswith(prefix)}

    def find(self, prefix: str) -> Segments:
        return Segments(sorted(self.stored(prefix)), [], {})

    def send(self, block: Block) -> None:
        if self.sent == self._failing_at:
            raise ConnectionError
        self.sent += 1
        self.blocks.setdefault(block.segment_id, block)


@pytest.mark.parametrize(
    ("text", "length"),
    [("90m", timedelta(minutes=90)), ("24h", timedelta(hours=24)), ("7d", timedelta(days=7))],
)
def test_lengths(text: str, length: timedelta) -> None:
    assert parse_length(text) == length


@pytest.mark.parametrize("text", ["24", "h", "1.5h", "-3h", "0h", "24 h", "1w", "5m", "31d", "99999999d"])
def test_other_lengths_are_refused_in_one_line(text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_length(text)
    assert text in str(refused.value)
    assert "\n" not in str(refused.value)


def test_stretches_are_whole_and_in_order() -> None:
    found = stretches(timedelta(hours=1), NOON + timedelta(minutes=7, seconds=3))
    assert found[0] == NOON - timedelta(hours=1)
    assert found[-1] == NOON - timedelta(minutes=10)
    assert len(found) == 6


def test_what_is_stored_stays_as_it_is() -> None:
    sink = Sink()
    starts = stretches(timedelta(minutes=30), NOON)
    first = _fill(sink, starts)
    before = dict(sink.blocks)
    assert _fill(sink, starts) == Filled(lines=0, stretches=3, stretches_known=3)
    assert _fill(sink, starts, rate=5) == Filled(lines=0, stretches=3, stretches_known=3)
    assert first.lines == sum(block.body.count(b"\n") + 1 for block in before.values())
    assert sink.blocks == before


def test_only_the_missing_stretches_are_added_later() -> None:
    sink = Sink()
    _fill(sink, stretches(timedelta(minutes=30), NOON))
    filled = _fill(sink, stretches(timedelta(minutes=50), NOON + timedelta(minutes=20)))
    assert (filled.stretches, filled.stretches_known) == (5, 3)


def test_a_large_stretch_goes_in_blocks_and_is_begun_again_where_it_broke_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_BLOCK_BYTES", 1 << 20)
    starts = [NOON]
    whole = Sink()
    _fill(whole, starts, rate=5)
    assert len(whole.blocks) > 1
    assert all(len(block.body) <= 1 << 20 for block in whole.blocks.values())

    broken = Sink(failing_at=1)
    with pytest.raises(ConnectionError):
        _fill(broken, starts, rate=5)
    again = Sink()
    again.blocks = broken.blocks
    _fill(again, starts, rate=5)
    assert again.blocks == whole.blocks


def test_a_long_past_is_of_few_pieces_and_few_requests() -> None:
    starts = stretches(timedelta(days=2), NOON + timedelta(hours=1, minutes=20))
    assert starts[0] == NOON - timedelta(days=2)
    assert thinned(20, timedelta(hours=1)) == 20
    assert thinned(20, timedelta(days=7)) < 3
    sink, done = Sink(), []
    History(sink, 0.01, lambda: False).fill(starts, lambda stretches, _: done.append(stretches))
    assert sum(done) == len(starts)
    assert _lengths(sink) == {"360m": 4, "1440m": 1, "60m": 1, "10m": 2}
    # What is there in hours or in stretches stays so, and is not stored another time as a part of something larger.
    more = stretches(timedelta(days=2), NOON + timedelta(hours=6))
    again = History(sink, 0.01, lambda: False).fill(more, lambda *_: None)
    assert again.stretches_known == len([start for start in more if start in set(starts)])
    assert again.stretches == len(more)


def test_pieces_are_not_of_more_requests_than_memory_is_meant_for() -> None:
    sink = Sink()
    History(sink, 8, lambda: len(sink.blocks) > 1).fill(stretches(timedelta(days=1), NOON), lambda *_: None)
    assert _lengths(sink) == {"60m": 1}


def test_it_stops_when_asked() -> None:
    sink = Sink()
    answers = iter([False, False])
    filled = History(sink, 1, lambda: next(answers, True)).fill(stretches(timedelta(hours=3), NOON), lambda *_: None)
    assert 0 < filled.stretches < 18


def test_the_store_holds_each_request_once(store: Store, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", SpoolConfig())
    metrics = CollectorMetrics(NoOpMeter("test"))
    writer = Writer(store, spool, TransformConfig(retention_days=3650), metrics, tmp_path)
    writer.start()
    try:
        sink = SpoolSink(spool, store)
        starts = stretches(timedelta(minutes=20), NOON)
        filled = History(sink, 5, lambda: False).fill(starts, lambda *_: None)
        again = History(sink, 5, lambda: False).fill(starts, lambda *_: None)
    finally:
        spool.close()
        writer.stop()
    assert again == Filled(lines=0, stretches=2, stretches_known=2)
    rows, apis, first, last = store.rows(
        """
        SELECT count(), groupUniqArray(api), min(time), max(time) FROM requests WHERE environment = {environment:String}
        """,
        {"environment": ENVIRONMENT},
    )[0]
    drawn = [draw(start, 5) for start in starts]
    assert rows == sum(len([*lines(one), *flex_lines(one), *mule_lines(one)]) for one in drawn)
    assert rows < filled.lines
    told = [
        [name for (name,) in store.rows(f"SELECT DISTINCT {of} FROM {table} WHERE environment = '{ENVIRONMENT}'")]
        for of, table in (("gateway_kind", "requests"), ("gateway_kind", "spans"), ("gateway", "metrics"))
    ]
    assert list(map(set, told)) == [
        _KINDS,
        _KINDS,
        {"demo-gateway", "demo-flex", "mule", "checkout.shop", "inventory.shop"},
    ]
    logs = store.rows(f"SELECT DISTINCT gateway FROM logs WHERE environment = '{ENVIRONMENT}' ORDER BY gateway")
    assert logs == [("demo-flex",), ("mule",)]
    assert {"orders", "payments", "catalog", "inventory.shop", "recommendations"} <= set(apis)
    assert NOON - timedelta(minutes=20) <= first.replace(tzinfo=UTC) <= last.replace(tzinfo=UTC) <= NOON
    dead_letters = store.rows(
        "SELECT count() FROM dead_letters WHERE environment = {environment:String}", {"environment": ENVIRONMENT}
    )
    assert dead_letters == [(0,)]


def _lengths(sink: Sink) -> Counter[str]:
    """How many pieces of each length were sent."""
    pieces = {name.removeprefix(f"{ENVIRONMENT}-").rpartition("-")[0] for name in sink.blocks}
    return Counter(piece.rpartition("-")[2] for piece in pieces)


def _fill(sink: Sink, starts: Sequence[datetime], rate: float = 2) -> Filled:
    return History(sink, rate, lambda: False).fill(starts, lambda *_: None)
