"""Dead letters that are read again become rows once, whatever interrupts it; what is not understood stays untouched."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collector.errors import InvalidReplay, ReplayUnderWay
from collector.formats.config import TransformConfig
from collector.formats.custom.definition import FormatDefinition
from collector.formats.custom.known import known_formats
from collector.formats.formats import FORMATS
from collector.formats.registry import Formats
from collector.formats.transform import Transform, transform
from collector.replay.letters import Selection
from collector.replay.progress import Progress
from collector.replay.replayer import Replayer
from collector.replay.trial import Trial
from collector.spool.payload import Payload
from collector.spool.spool import Spool
from collector.writer.ledger_balance import mismatches_of
from storage.store import Store
from tests.collector.rigs.access_logs import counts, json_line, json_lines, otlp_logs
from tests.collector.rigs.storing import writer_of

# Tests share a store: each has a minute of its own.
_MINUTES = itertools.count(1)
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


class _Killed(Exception):
    pass


def _transform(known: Any, path: Path) -> Transform:
    return transform(known, "trial", path, TransformConfig())


class Rig:
    """A spool whose segments are stored as they are handed over, and replays that can be killed on the way."""

    def __init__(self, store: Store, spool: Spool, formats: Formats = FORMATS) -> None:
        self.store, self.spool, self.formats = store, spool, formats
        self.replayer = self.make()
        # Long before what other tests received: their dead letters are chosen by when they came too.
        self.received = datetime.now(UTC) - timedelta(hours=30, minutes=next(_MINUTES))

    @property
    def received_us(self) -> int:
        return (self.received - _EVER) // timedelta(microseconds=1)

    def chosen(self, format_name: str = "", reason: str = "") -> Selection:
        return Selection(format_name, reason, self.received - _SECOND, self.received + _SECOND)

    def make(self, die: str = "") -> Replayer:
        def accept(segment_id: str, payloads: Sequence[Payload]) -> None:
            if die == "before it is handed over":
                raise _Killed
            self.spool.append_segment(segment_id, payloads)
            if die == "before it is stored":
                raise _Killed
            self.store_waiting()
            if die == "after it is stored":
                raise _Killed

        trial = Trial(self.store, self.spool.directory / "replay.part", _transform)
        return Replayer(self.store, self.spool, self.formats, trial, accept, lambda: datetime.now(UTC))

    def store_waiting(self) -> None:
        writer = writer_of(self.store, self.spool, formats=self.formats)
        while segment := self.spool.take(0):
            writer.store(segment)

    def send(self, segment_id: str, format_name: str, body: bytes, environment: str, gateway: str = "edge") -> None:
        payload = Payload(format_name, body, self.received_us, environment, gateway, "192.0.2.7")
        self.spool.append_segment(segment_id, [payload])
        self.store_waiting()

    def run(self, selection: Selection, read_as: str = "", *, is_dry: bool = False) -> Progress:
        progress = Progress(selection, read_as, is_dry, datetime.now(UTC))
        self.replayer.run(progress)
        return progress


@pytest.fixture
def rig(store: Store, tmp_path: Path, make_spool: Any) -> Rig:
    return Rig(store, make_spool())


def _letters(store: Store, environment: str) -> list[tuple[Any, ...]]:
    return store.rows(
        "SELECT format, reason, body, segment_id, toUnixTimestamp64Micro(received_at) FROM dead_letters"
        " WHERE environment = {e:String} ORDER BY body",
        {"e": environment},
    )


def _definition(pattern: str) -> FormatDefinition:
    return FormatDefinition.model_validate({"name": "replayed_shop", "nginx": pattern})


_OLD = '$remote_addr [$time_iso8601] "$request" $status'
_NEW = '$remote_addr [$time_iso8601] "$request" $status $request_time'


def _shop_line(number: int) -> str:
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return f'192.0.2.1 [{at}] "GET /orders/v1/items/{number} HTTP/1.1" 200 0.012'


def test_a_mended_format_reads_its_dead_letters(store: Store, make_spool: Any) -> None:
    environment = "replay-mended"
    spool = make_spool()
    body = "\n".join([*map(_shop_line, range(5)), _shop_line(4), "no line of it"]).encode()
    broken = Rig(store, spool, known_formats([_definition(_OLD)]))
    broken.send("replay-mended-1", "replayed_shop", body, environment, gateway="till")
    assert counts(store, environment)["dead_letters"] == 7
    kept = [letter for letter in _letters(store, environment) if letter[2] == "no line of it"]

    mended = Rig(store, spool, known_formats([_definition(_NEW)]))
    mended.received = broken.received
    dry = mended.run(mended.chosen(), is_dry=True)
    assert (dry.read, dict(dry.understood), sum(dry.left.values()), dry.stored) == (7, {"replayed_shop": 6}, 1, 0)
    assert counts(store, environment)["dead_letters"] == 7

    done = mended.run(mended.chosen())
    assert (done.read, done.stored, sum(done.left.values())) == (7, 6, 1)
    assert counts(store, environment) == {"requests": 6, "logs": 0, "dead_letters": 1, "api_1m": 6, "api_1h": 6}
    # Untouched, as it was received.
    assert _letters(store, environment) == kept
    rows = store.rows(
        "SELECT DISTINCT gateway, toUnixTimestamp64Micro(ingested_at) FROM requests WHERE environment = {e:String}",
        {"e": environment},
    )
    assert rows == [("till", mended.received_us)]

    again = mended.run(mended.chosen())
    assert (again.read, again.stored) == (1, 0)
    assert counts(store, environment)["requests"] == 6
    sql = "SELECT DISTINCT segment_id FROM requests WHERE environment = {e:String}"
    [(replay,)] = store.rows(sql, {"e": environment})
    assert mismatches_of(store, ["replay-mended-1", replay]) == []


@pytest.mark.parametrize("die", ["before it is handed over", "before it is stored", "after it is stored"])
def test_what_a_kill_interrupts_is_ended_once(rig: Rig, store: Store, die: str) -> None:
    environment = f"replay-{die}"
    name = f"replay-killed-{die.replace(' ', '-')}"
    rig.send(name, "json", b"\xff not json\n" + b"{broken\n" * 2, environment)
    # The same lines, to be read by a format that was chosen wrongly before.
    rig.send(f"{name}-lines", "combined", json_lines(die, range(4)), environment)
    before = counts(store, environment)
    assert before["dead_letters"] == 7

    killed = rig.make(die)
    progress = Progress(rig.chosen("combined"), "envoy_json", False, datetime.now(UTC))
    with pytest.raises(_Killed):
        killed.run(progress)
    # The writer of the next start stores what the spool holds.
    rig.store_waiting()
    for _ in range(2):
        rig.make().finish_interrupted()
    assert counts(store, environment) | {"api_1h": 0} == {
        "requests": 4, "logs": 0, "dead_letters": 3, "api_1m": 4, "api_1h": 0,
    }  # fmt: skip
    assert rig.run(rig.chosen("combined"), "envoy_json").read == 0
    assert mismatches_of(store, [f"{name}-lines"]) == []


def test_a_kill_between_the_rows_and_their_dead_letters_counts_none_twice(
    rig: Rig, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = "replay-delete"
    rig.send("replay-delete-1", "haproxy", json_lines("delete", range(3)), environment)

    def kill(*_: object) -> None:
        raise _Killed

    interrupted = rig.make()
    monkeypatch.setattr(interrupted._journal, "delete_letters", kill)
    with pytest.raises(_Killed):
        interrupted.run(Progress(rig.chosen("haproxy"), "envoy_json", False, datetime.now(UTC)))
    rig.make().finish_interrupted()
    assert counts(store, environment)["requests"] == 3
    assert counts(store, environment)["dead_letters"] == 0
    assert mismatches_of(store, ["replay-delete-1"]) == []


def test_only_what_is_chosen_is_read(rig: Rig, store: Store) -> None:
    environment = "replay-chosen"
    rig.send("replay-chosen-1", "common", json_line("early") + b"nonsense\n", environment)
    at = rig.received
    for selection in (
        Selection("common", "", at - _SECOND, at),
        Selection("common", "", at + _SECOND, at + 2 * _SECOND),
        rig.chosen("common", "of another kind"),
        rig.chosen("combined"),
    ):
        assert rig.run(selection, "envoy_json").read == 0
    [(_, reason, *_), _] = _letters(store, environment)
    done = rig.run(rig.chosen("common", reason), "envoy_json")
    assert (done.read, done.stored) == (2, 1)
    assert [letter[2] for letter in _letters(store, environment)] == ["nonsense"]


def test_a_payload_that_breaks_all_others_with_it_is_found_alone(rig: Rig, store: Store) -> None:
    environment = "replay-binary"
    rig.send("replay-binary-1", "undecodable", b"\x0a\x05\x0a\x03\x0a\x01\xff", environment)
    rig.send("replay-binary-2", "undecodable", otlp_logs("one", "two"), environment)
    done = rig.run(rig.chosen("undecodable"), "otlp_logs")
    assert (done.read, done.stored, sum(done.left.values())) == (2, 1, 1)
    assert counts(store, environment) == {"requests": 0, "logs": 2, "dead_letters": 1, "api_1m": 0, "api_1h": 0}


def test_what_cannot_be_read_again_is_said_with_the_cure(rig: Rig, store: Store) -> None:
    with pytest.raises(InvalidReplay, match="--as"):
        rig.replayer.begin(Selection(format="otlp_traces"))
    with pytest.raises(InvalidReplay, match="formats list"):
        rig.replayer.begin(Selection(), "never_heard_of")
    rig.replayer.begin(Selection(format="json"))
    with pytest.raises(ReplayUnderWay):
        rig.replayer.begin(Selection(format="json"))


def test_many_dead_letters_are_read_a_page_at_a_time(rig: Rig, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = "replay-pages"
    monkeypatch.setattr("collector.replay.letters._PAGE_LETTERS", 7)
    # All of one moment, so that pages are cut within it.
    rig.send("replay-pages-1", "envoy_text", json_lines("page", range(40)) + b"left\n" * 9, environment)
    done = rig.run(rig.chosen("envoy_text"), "envoy_json")
    assert (done.read, done.stored, sum(done.left.values())) == (49, 40, 9)
    assert counts(store, environment)["requests"] == 40
    assert counts(store, environment)["dead_letters"] == 9
