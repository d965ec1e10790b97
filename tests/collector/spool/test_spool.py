"""The spool: an answer means durable, a cut-off tail costs nothing that was answered, a full spool says so."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import ByteSize

from collector.errors import PayloadTooLarge, SpoolFull
from collector.spool.config import SpoolConfig
from collector.spool.frame import encode
from collector.spool.frame_bodies import body_of
from collector.spool.segment import OPEN, PARTIAL, READY
from collector.spool.spool import Spool
from tests.collector.rigs.spooling import MakeSpool, append, bodies_in, leave_room, payload_of, taken_from
from tests.patience import PATIENCE


def test_an_answer_means_that_it_is_in_the_file(make_spool: MakeSpool, tmp_path: Path) -> None:
    spool = make_spool()
    for number in range(20):
        payload = payload_of(b"line %d" % number)
        append(spool, payload).result(PATIENCE)
        (file,) = tmp_path.glob(f"*{OPEN}")
        assert bodies_in(file)[-1] == encode(payload)
    assert spool.size == file.stat().st_size


def test_order_is_kept_within_a_format(make_spool: MakeSpool) -> None:
    spool = make_spool()
    written = {name: [payload_of(b"%d" % n, name) for n in range(300)] for name in ("envoy_json", "envoy_text")}
    answers = [append(spool, payload) for both in zip(*written.values(), strict=True) for payload in both]
    for answer in answers:
        answer.result(PATIENCE)
    spool.close()
    segments = taken_from(spool)
    assert segments == sorted(segments)
    for segment in segments:
        assert bodies_in(segment.path) == [encode(payload) for payload in written[segment.format]]


def test_many_threads_lose_nothing(make_spool: MakeSpool) -> None:
    spool = make_spool(segment_size=ByteSize(2000))
    bodies = [b"%d" % number for number in range(2000)]
    with ThreadPoolExecutor(8) as pool:
        for answer in pool.map(lambda body: append(spool, payload_of(body)), bodies):
            answer.result(PATIENCE)
    spool.close()
    segments = taken_from(spool)
    assert len(segments) > 10
    stored = [frame for segment in segments for frame in bodies_in(segment.path)]
    assert sorted(stored) == sorted(encode(payload_of(body)) for body in bodies)
    assert spool.size == sum(segment.size for segment in segments)


@pytest.mark.parametrize(("light", "payloads"), [(frozenset(), 10), (frozenset({"envoy_json"}), 20)])
def test_a_segment_of_a_light_format_may_be_twice_as_large(
    make_spool: MakeSpool, light: frozenset[str], payloads: int
) -> None:
    frame = len(encode(payload_of(b"x" * 100)))
    spool = make_spool(light, segment_size=ByteSize(10 * frame))
    for _ in range(payloads - 1):
        append(spool, payload_of(b"x" * 100)).result(PATIENCE)
    assert spool.take(0) is None
    append(spool, payload_of(b"x" * 100)).result(PATIENCE)
    segment = spool.take(5)
    assert segment is not None
    assert segment.size == payloads * frame


def test_a_segment_is_sealed_by_age(make_spool: MakeSpool) -> None:
    spool = make_spool(segment_age=0.05)
    append(spool, payload_of(b"x")).result(PATIENCE)
    segment = spool.take(5)
    assert segment is not None
    assert segment.path.suffix == READY


def test_recovery_keeps_every_whole_frame_and_sets_the_rest_aside(tmp_path: Path) -> None:
    written = [encode(payload_of(b"line %d" % number)) for number in range(3)]
    whole = b"".join(written)
    ends = [len(b"".join(written[:count])) for count in range(4)]
    for cut in range(len(whole) + 1):
        directory = tmp_path / str(cut)
        directory.mkdir()
        (directory / f"00000000000000000001.envoy_json.envoy_json-1{OPEN}").write_bytes(whole[:cut])
        spool = Spool(directory, SpoolConfig())
        segments = {segment.format: segment for segment in taken_from(spool)}
        expected = sum(end <= cut for end in ends[1:])
        rest = whole[ends[expected] : cut]
        assert sorted(segments) == ["cut_off"] * bool(rest) + ["envoy_json"] * bool(expected)
        if expected:
            assert bodies_in(segments["envoy_json"].path) == written[:expected]
        if rest:
            [letter] = bodies_in(segments["cut_off"].path)
            assert body_of(letter) == rest
        assert spool.size == sum(segment.path.stat().st_size for segment in segments.values())
        spool.close()


def test_recovery_goes_on_after_the_last_name(make_spool: MakeSpool, tmp_path: Path) -> None:
    future = 2**62
    (tmp_path / f"{future:020d}.envoy_json.a{READY}").write_bytes(encode(payload_of(b"old")))
    spool = make_spool()
    spool.append_segment("b", [payload_of(b"new")])
    assert [segment.id for segment in taken_from(spool)] == ["a", "b"]


def test_recovery_drops_what_was_never_answered(make_spool: MakeSpool, tmp_path: Path) -> None:
    part = tmp_path / f"00000000000000000001.envoy_json.import-1{PARTIAL}"
    part.write_bytes(encode(payload_of(b"first of two")))
    spool = make_spool()
    assert not part.exists()
    assert taken_from(spool) == []
    assert spool.size == 0


def test_a_full_spool_says_so(make_spool: MakeSpool) -> None:
    size = len(encode(payload_of(b"x" * 1000)))
    spool = make_spool(max_size=ByteSize(size * 3))
    for _ in range(3):
        append(spool, payload_of(b"x" * 1000)).result(PATIENCE)
    with pytest.raises(SpoolFull, match=r"The spool is full.*raise collector\.spool\.max_size"):
        append(spool, payload_of(b"x" * 1000))
    with pytest.raises(SpoolFull):
        spool.append_segment("a", [payload_of(b"x" * 1000)])
    spool.close()
    (segment,) = taken_from(spool)
    spool.remove(segment)
    assert spool.size == 0
    assert not segment.path.exists()


def test_a_closed_spool_takes_nothing(make_spool: MakeSpool) -> None:
    spool = make_spool()
    spool.close()
    with pytest.raises(SpoolFull, match="stopping"):
        append(spool, payload_of(b"x"))


def test_a_thread_that_outlives_its_request_writes_into_no_other_file(make_spool: MakeSpool, tmp_path: Path) -> None:
    spool = make_spool()
    arriving = spool.begin(payload_of(b""), 1)
    arriving.abandon()
    with (tmp_path / "other").open("wb"), pytest.raises(ValueError, match="closed file"):
        arriving.write([b"x"])
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("other", b"")]
    assert spool.size == 0


def test_a_payload_takes_room_as_it_arrives(make_spool: MakeSpool) -> None:
    """Clients that announce much and send nothing leave the room to the others."""
    spool = make_spool(max_size=ByteSize(1000))
    arriving = [spool.begin(payload_of(b""), 700) for _ in range(3)]
    begun = spool.size
    assert begun < 300
    arriving[0].write([b"x" * 400])
    assert spool.size == begun + 400
    append(spool, payload_of(b"small")).result(PATIENCE)
    with pytest.raises(SpoolFull, match=r"The spool is full.*raise collector\.spool\.max_size"):
        arriving[1].write([b"x" * 600])
    for payload in arriving:
        payload.abandon()
    spool.close()
    assert spool.size == taken_from(spool)[0].size


def test_a_payload_that_there_is_no_room_for_now_is_not_begun(make_spool: MakeSpool, tmp_path: Path) -> None:
    spool = make_spool(max_size=ByteSize(1000))
    taken = leave_room(spool, 500)
    with pytest.raises(SpoolFull):
        spool.begin(payload_of(b""), 500)
    # However long it waited, there never was room for it.
    with pytest.raises(PayloadTooLarge, match=r"raise collector\.spool\.max_size"):
        spool.begin(payload_of(b""), 1000)
    with pytest.raises(PayloadTooLarge):
        spool.offer(payload_of(b"x" * 1000), lambda error: None)
    assert (list(tmp_path.iterdir()), spool.size) == ([], taken)


def test_what_is_durable_is_kept_though_its_request_is_cancelled(make_spool: MakeSpool) -> None:
    spool = make_spool()
    arriving = spool.begin(payload_of(b""), 1)
    arriving.write([b"x"])
    arriving.finish()
    arriving.abandon()
    [segment] = taken_from(spool)
    assert bodies_in(segment.path) == [encode(payload_of(b"x"))]
    assert spool.size == segment.size


def test_a_segment_may_come_twice_and_keeps_its_name(make_spool: MakeSpool) -> None:
    spool = make_spool()
    for _ in range(2):
        spool.append_segment("import-1", [payload_of(b"x"), payload_of(b"y")])
    first, second = taken_from(spool)
    assert first.id == second.id == "import-1"
    assert first.path.read_bytes() == second.path.read_bytes()
    spool.give_back(second)
    assert taken_from(spool) == [second]
