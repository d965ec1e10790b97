"""The spool: an answer means durable, a cut-off tail costs nothing that was answered, a full spool says so."""

import os
from collections.abc import Callable, Iterator, Set
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import ByteSize

from collector.payload import Payload
from collector.spool.arriving import ArrivingPayload
from collector.spool.frame import encode, frames
from collector.spool.segment import OPEN, PARTIAL, READY, Segment
from collector.spool.spool import Spool, SpoolConfig
from storage.errors import SpoolFull
from tests.collector.spooling import append

MakeSpool = Callable[..., Spool]


def _payload(body: bytes, format_name: str = "envoy_json") -> Payload:
    return Payload(format_name, body, 1_700_000_000_000_000, "production", "edge", "192.0.2.7")


def _bodies(path: Path) -> list[bytes]:
    return [bytes(frame) for frame in frames(path.read_bytes())]


@pytest.fixture
def make_spool(tmp_path: Path) -> Iterator[MakeSpool]:
    opened: list[Spool] = []

    def make(light: Set[str] = frozenset(), **settings: float) -> Spool:
        # Nothing is sealed by age here unless a test asks for it.
        config = SpoolConfig.model_validate({"segment_age": 60} | settings)
        opened.append(Spool(tmp_path, config, light))
        return opened[-1]

    yield make
    for spool in opened:
        spool.close()


def _taken(spool: Spool) -> list[Segment]:
    found = []
    while segment := spool.take(0):
        found.append(segment)
    return found


def _arrive(arriving: ArrivingPayload, body: bytes) -> None:
    try:
        arriving.write([body])
        arriving.finish()
    except SpoolFull:
        arriving.abandon()
        raise


def test_an_answer_means_that_it_is_in_the_file(make_spool: MakeSpool, tmp_path: Path) -> None:
    spool = make_spool()
    for number in range(20):
        payload = _payload(b"line %d" % number)
        append(spool, payload).result(5)
        (file,) = tmp_path.glob(f"*{OPEN}")
        assert _bodies(file)[-1] == encode(payload)
    assert spool.size == file.stat().st_size


def test_order_is_kept_within_a_format(make_spool: MakeSpool) -> None:
    spool = make_spool()
    written = {name: [_payload(b"%d" % n, name) for n in range(300)] for name in ("envoy_json", "envoy_text")}
    answers = [append(spool, payload) for both in zip(*written.values(), strict=True) for payload in both]
    for answer in answers:
        answer.result(5)
    spool.close()
    segments = _taken(spool)
    assert segments == sorted(segments)
    for segment in segments:
        assert _bodies(segment.path) == [encode(payload) for payload in written[segment.format]]


def test_many_threads_lose_nothing(make_spool: MakeSpool) -> None:
    spool = make_spool(segment_size=ByteSize(2000))
    bodies = [b"%d" % number for number in range(2000)]
    with ThreadPoolExecutor(8) as pool:
        for answer in pool.map(lambda body: append(spool, _payload(body)), bodies):
            answer.result(5)
    spool.close()
    segments = _taken(spool)
    assert len(segments) > 10
    stored = [frame for segment in segments for frame in _bodies(segment.path)]
    assert sorted(stored) == sorted(encode(_payload(body)) for body in bodies)
    assert spool.size == sum(segment.size for segment in segments)


@pytest.mark.parametrize(("light", "payloads"), [(frozenset(), 10), (frozenset({"envoy_json"}), 20)])
def test_a_segment_of_a_light_format_may_be_twice_as_large(
    make_spool: MakeSpool, light: frozenset[str], payloads: int
) -> None:
    frame = len(encode(_payload(b"x" * 100)))
    spool = make_spool(light, segment_size=ByteSize(10 * frame))
    for _ in range(payloads - 1):
        append(spool, _payload(b"x" * 100)).result(5)
    assert spool.take(0) is None
    append(spool, _payload(b"x" * 100)).result(5)
    segment = spool.take(5)
    assert segment is not None
    assert segment.size == payloads * frame


def test_a_segment_is_sealed_by_age(make_spool: MakeSpool) -> None:
    spool = make_spool(segment_age=0.05)
    append(spool, _payload(b"x")).result(5)
    segment = spool.take(5)
    assert segment is not None
    assert segment.path.suffix == READY


def test_recovery_keeps_every_whole_frame(tmp_path: Path) -> None:
    written = [encode(_payload(b"line %d" % number)) for number in range(3)]
    whole = b"".join(written)
    ends = [len(b"".join(written[:count])) for count in range(4)]
    for cut in range(len(whole) + 1):
        directory = tmp_path / str(cut)
        directory.mkdir()
        (directory / f"00000000000000000001.envoy_json.envoy_json-1{OPEN}").write_bytes(whole[:cut])
        spool = Spool(directory, SpoolConfig())
        segments = _taken(spool)
        expected = sum(end <= cut for end in ends[1:])
        assert [frame for segment in segments for frame in _bodies(segment.path)] == written[:expected]
        assert [segment.size for segment in segments] == ([ends[expected]] if expected else [])
        assert spool.size == ends[expected]
        spool.close()


def test_recovery_goes_on_after_the_last_name(make_spool: MakeSpool, tmp_path: Path) -> None:
    future = 2**62
    (tmp_path / f"{future:020d}.envoy_json.a{READY}").write_bytes(encode(_payload(b"old")))
    spool = make_spool()
    spool.append_segment("b", [_payload(b"new")])
    assert [segment.id for segment in _taken(spool)] == ["a", "b"]


def test_recovery_drops_what_was_never_answered(make_spool: MakeSpool, tmp_path: Path) -> None:
    part = tmp_path / f"00000000000000000001.envoy_json.import-1{PARTIAL}"
    part.write_bytes(encode(_payload(b"first of two")))
    spool = make_spool()
    assert not part.exists()
    assert _taken(spool) == []
    assert spool.size == 0


def test_a_full_spool_says_so(make_spool: MakeSpool) -> None:
    size = len(encode(_payload(b"x" * 1000)))
    spool = make_spool(max_size=ByteSize(size * 3))
    for _ in range(3):
        append(spool, _payload(b"x" * 1000)).result(5)
    with pytest.raises(SpoolFull, match=r"The spool is full.*raise collector\.spool\.max_size"):
        append(spool, _payload(b"x" * 1000))
    with pytest.raises(SpoolFull):
        spool.append_segment("a", [_payload(b"x" * 1000)])
    spool.close()
    (segment,) = _taken(spool)
    spool.remove(segment)
    assert spool.size == 0
    assert not segment.path.exists()


def test_a_closed_spool_takes_nothing(make_spool: MakeSpool) -> None:
    spool = make_spool()
    spool.close()
    with pytest.raises(SpoolFull, match="stopping"):
        append(spool, _payload(b"x"))


def test_a_disk_that_fails_is_told_and_leaves_no_hole(
    make_spool: MakeSpool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spool = make_spool()
    append(spool, _payload(b"before")).result(5)

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", fail)
        with pytest.raises(SpoolFull, match="No space left on device"):
            append(spool, _payload(b"lost")).result(5)
    append(spool, _payload(b"after")).result(5)
    (file,) = tmp_path.glob(f"*{OPEN}")
    assert _bodies(file) == [encode(_payload(b"before")), encode(_payload(b"after"))]
    assert spool.size == file.stat().st_size


def test_a_segment_of_its_own_is_written_whole_or_not_at_all(
    make_spool: MakeSpool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spool = make_spool()

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(SpoolFull, match="No space left on device"):
            spool.append_segment("a", [_payload(b"x")])
    assert list(tmp_path.iterdir()) == []
    assert spool.size == 0


@pytest.mark.parametrize("way", ["at once", "as it arrives", "open"])
def test_a_directory_that_fails_leaves_nothing(
    make_spool: MakeSpool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way: str
) -> None:
    spool = make_spool()
    sync = os.fsync

    def fail(descriptor: int) -> None:
        if os.path.samestat(os.fstat(descriptor), tmp_path.stat()):
            raise OSError(5, "Input/output error")
        sync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(SpoolFull, match="Input/output error"):
            if way == "at once":
                spool.append_segment("a", [_payload(b"x")])
            elif way == "open":
                append(spool, _payload(b"x")).result(5)
            else:
                _arrive(spool.begin(_payload(b""), 1, "a"), b"x")
    assert (list(tmp_path.iterdir()), spool.size, _taken(spool)) == ([], 0, [])
    assert not [path for path in Path("/proc/self/fd").iterdir() if path.resolve().is_relative_to(tmp_path)]


def test_a_thread_that_outlives_its_request_writes_into_no_other_file(make_spool: MakeSpool, tmp_path: Path) -> None:
    spool = make_spool()
    arriving = spool.begin(_payload(b""), 1)
    arriving.abandon()
    with (tmp_path / "other").open("wb"), pytest.raises(ValueError, match="closed file"):
        arriving.write([b"x"])
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("other", b"")]
    assert spool.size == 0


def test_what_is_durable_is_kept_though_its_request_is_cancelled(make_spool: MakeSpool) -> None:
    spool = make_spool()
    arriving = spool.begin(_payload(b""), 1)
    arriving.write([b"x"])
    arriving.finish()
    arriving.abandon()
    [segment] = _taken(spool)
    assert _bodies(segment.path) == [encode(_payload(b"x"))]
    assert spool.size == segment.size


def test_a_segment_may_come_twice_and_keeps_its_name(make_spool: MakeSpool) -> None:
    spool = make_spool()
    for _ in range(2):
        spool.append_segment("import-1", [_payload(b"x"), _payload(b"y")])
    first, second = _taken(spool)
    assert first.id == second.id == "import-1"
    assert first.path.read_bytes() == second.path.read_bytes()
    spool.give_back(second)
    assert _taken(spool) == [second]


def test_a_segment_is_replaced_by_all_of_its_parts_or_stays(
    make_spool: MakeSpool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spool = make_spool()
    spool.append_segment("whole", [_payload(b"x"), _payload(b"y")])
    [segment] = _taken(spool)
    parts = [("envoy_json", f"part-{number}", [encode(_payload(b"%d" % number))]) for number in range(2)]
    synced = os.fsync
    calls: list[int] = []

    def fail_at_the_second_file(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        synced(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail_at_the_second_file)
        with pytest.raises(OSError, match="No space left"):
            spool.replace(segment, parts)
    assert [path.name for path in tmp_path.iterdir()] == [segment.path.name]
    assert spool.size == segment.size
    spool.replace(segment, parts)
    assert [part.id for part in _taken(spool)] == ["part-0", "part-1"]
