"""History: every stretch of the past is stored once, however often and at whatever point it is begun again."""

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
from collector.writer.writer import Writer
from gatelens.block_sinks import SpoolSink
from gatelens.demo.history import ENVIRONMENT, Filled, History, parse_length, stretches
from storage.errors import ConfigError
from storage.store import Store

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


class Sink:
    """Keeps blocks in memory, and may fail at one."""

    def __init__(self, failing_at: int = -1) -> None:
        self.blocks: dict[str, Block] = {}
        self.sent = 0
        self._failing_at = failing_at

    def stored(self, prefix: str) -> set[str]:
        return {segment_id for segment_id in self.blocks if segment_id.startswith(prefix)}

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


def test_a_large_stretch_goes_in_blocks_and_is_begun_again_where_it_broke_off() -> None:
    starts = [NOON]
    whole = Sink()
    _fill(whole, starts, rate=45)
    assert len(whole.blocks) > 1
    assert all(len(block.body) <= 12 << 20 for block in whole.blocks.values())

    broken = Sink(failing_at=1)
    with pytest.raises(ConnectionError):
        _fill(broken, starts, rate=45)
    again = Sink()
    again.blocks = broken.blocks
    _fill(again, starts, rate=45)
    assert again.blocks == whole.blocks


def test_it_stops_when_asked() -> None:
    sink = Sink()
    answers = iter([False, False])
    history = History(sink, 1, lambda: next(answers, True))
    filled = history.fill(stretches(timedelta(hours=2), NOON), lambda: None)
    assert 0 < filled.stretches < 12


def test_the_store_holds_each_request_once(store: Store, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", SpoolConfig())
    metrics = CollectorMetrics(NoOpMeter("test"))
    writer = Writer(store, spool, TransformConfig(retention_days=3650), metrics, tmp_path)
    writer.start()
    try:
        sink = SpoolSink(spool, store)
        starts = stretches(timedelta(minutes=20), NOON)
        filled = History(sink, 5, lambda: False).fill(starts, lambda: None)
        again = History(sink, 5, lambda: False).fill(starts, lambda: None)
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
    assert rows == filled.lines
    assert {"orders", "payments", "catalog", "inventory.shop", "recommendations"} <= set(apis)
    assert NOON - timedelta(minutes=20) <= first.replace(tzinfo=UTC) <= last.replace(tzinfo=UTC) <= NOON
    dead_letters = store.rows(
        "SELECT count() FROM dead_letters WHERE environment = {environment:String}", {"environment": ENVIRONMENT}
    )
    assert dead_letters == [(0,)]


def _fill(sink: Sink, starts: Sequence[datetime], rate: float = 2) -> Filled:
    return History(sink, rate, lambda: False).fill(starts, lambda: None)
