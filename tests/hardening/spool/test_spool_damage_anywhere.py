"""Any damage to a segment: sound frames are kept once, every other byte is in a dead letter, nothing is gone unread."""

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from xxhash import xxh3_64_intdigest

from collector.encoding.protobuf import varint
from collector.spool.config import SpoolConfig
from collector.spool.frame import CHECKSUM_TAG, END, SIZE_TAG, TAIL, encode
from collector.spool.frame_bodies import body_of
from collector.spool.inspection import SegmentFile, inspect
from collector.spool.payload import Payload
from collector.spool.recovery import damage_in
from collector.spool.segment import OPEN, READY
from collector.spool.spool import Spool
from tests.collector.rigs.spooling import bodies_in, taken_from

_NAME = "00000000000000000001.envoy_json.damage-1"
_PAGE = 4096

Damage = Callable[[random.Random, bytes], bytes]


def _frames(draw: random.Random, count: int) -> list[bytes]:
    """Frames of sizes from a few bytes to more than is read at once."""
    sizes = [draw.choice((1, 20, 775, 5000, 70_000)) for _ in range(count)]
    if draw.random() < 0.2:
        sizes[draw.randrange(count)] = 1_200_000
    return [
        encode(Payload("envoy_json", draw.randbytes(size), 1_700_000_000_000_000 + number, "e", "g", "p"))
        for number, size in enumerate(sizes)
    ]


def _flip_a_bit(draw: random.Random, data: bytes) -> bytes:
    at = draw.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << draw.randrange(8)]) + data[at + 1 :]


def _flip_many_bits(draw: random.Random, data: bytes) -> bytes:
    for _ in range(draw.randrange(2, 12)):
        data = _flip_a_bit(draw, data)
    return data


def _overwrite(draw: random.Random, data: bytes) -> bytes:
    at, size = draw.randrange(len(data)), draw.randrange(1, 20_000)
    return data[:at] + draw.randbytes(size) + data[at + size :]


def _insert(draw: random.Random, data: bytes) -> bytes:
    at = draw.randrange(len(data))
    return data[:at] + draw.choice((draw.randbytes(3000), bytes(5000), END * 40)) + data[at:]


def _remove(draw: random.Random, data: bytes) -> bytes:
    at = draw.randrange(len(data))
    return data[:at] + data[at + draw.randrange(1, 9000) :]


def _cut(draw: random.Random, data: bytes) -> bytes:
    return data[: draw.randrange(1, len(data))]


def _zeros_at_the_end(draw: random.Random, data: bytes) -> bytes:
    at = draw.randrange(len(data))
    return data[:at] + bytes(len(data) - at)


def _page(draw: random.Random, data: bytes) -> int:
    return _PAGE * draw.randrange(max(1, len(data) // _PAGE))


def _copy_a_page(draw: random.Random, data: bytes) -> bytes:
    source, target = _page(draw, data), _page(draw, data)
    return data[:target] + data[source : source + _PAGE] + data[target + _PAGE :]


def _swap_pages(draw: random.Random, data: bytes) -> bytes:
    first, second = sorted((_page(draw, data), _page(draw, data)))
    if second + _PAGE > len(data) or first + _PAGE > second:
        return data
    one, other = data[first : first + _PAGE], data[second : second + _PAGE]
    return data[:first] + other + data[first + _PAGE : second] + one + data[second + _PAGE :]


_DAMAGES: Sequence[Damage] = (
    _flip_a_bit,
    _flip_many_bits,
    _overwrite,
    _insert,
    _remove,
    _cut,
    _zeros_at_the_end,
    _copy_a_page,
    _swap_pages,
)


def _recovered(directory: Path, data: bytes, suffix: str) -> tuple[list[bytes], bytes]:
    """The frames that are handed out, and all that dead letters hold."""
    directory.mkdir(parents=True)
    (directory / f"{_NAME}{suffix}").write_bytes(data)
    spool = Spool(directory, SpoolConfig())
    frames: list[bytes] = []
    letters = b""
    for segment in taken_from(spool):
        parts = [segment]
        if not segment.is_checked and (found := damage_in(segment)) is not None:
            spool.mend(segment, found)
            parts = taken_from(spool)
        for whole in parts:
            listed = bodies_in(whole.path)
            if whole.format == "envoy_json":
                frames += listed
            else:
                letters += b"".join(body_of(frame) or b"" for frame in listed)
    spool.close()
    return frames, letters


@pytest.mark.parametrize("suffix", [OPEN, READY])
@pytest.mark.parametrize("damage", _DAMAGES, ids=lambda damage: damage.__name__.strip("_"))
def test_sound_frames_are_kept_once_and_the_rest_becomes_dead_letters(
    tmp_path: Path, damage: Damage, suffix: str
) -> None:
    draw = random.Random(f"{damage.__name__}{suffix}")
    for number in range(12):
        written = _frames(draw, draw.randrange(1, 60))
        data = damage(draw, b"".join(written))
        # A frame that is still there, byte for byte, wherever in the file.
        sound = [frame for frame in written if frame in data]
        frames, letters = _recovered(tmp_path / str(number), data, suffix)
        assert sorted(map(xxh3_64_intdigest, frames)) == sorted(map(xxh3_64_intdigest, sound))
        assert len(b"".join(frames)) + len(letters) == len(data)


def test_a_flipped_bit_anywhere_in_a_frame_costs_that_frame_alone(tmp_path: Path) -> None:
    written = [encode(Payload("envoy_json", b"%d" % n * 5, 1_700_000_000_000_000 + n, peer="p")) for n in range(3)]
    start, end = len(written[0]), len(written[0]) + len(written[1])
    whole = b"".join(written)
    path = tmp_path / "segment"
    for bit in range(start * 8, end * 8):
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)
        with SegmentFile(path) as file:
            found = inspect(file, may_be_cut_off=True)
        assert (found.sound, found.damaged) == ([(0, start), (end, len(whole))], [(start, end)])


@pytest.mark.parametrize("garbage", ["random", "zeros", "ends of frames"])
def test_garbage_is_passed_over_in_bounded_time_and_memory(tmp_path: Path, garbage: str) -> None:
    size = 32 << 20
    data = {"random": random.Random(1).randbytes(size), "zeros": bytes(size), "ends of frames": END * (size // 5)}
    frame = encode(Payload("envoy_json", b"behind it", 1))
    path = tmp_path / f"{_NAME}{READY}"
    path.write_bytes(data[garbage] + (b"" if garbage == "ends of frames" else frame))
    started = time.process_time()
    with SegmentFile(path) as file:
        found = inspect(file, may_be_cut_off=False)
    assert time.process_time() - started < 60
    assert [end - start for start, end in found.sound] == ([] if garbage == "ends of frames" else [len(frame)])
    assert sum(end - start for start, end in (*found.sound, *found.damaged)) == path.stat().st_size


def test_what_looks_like_many_frames_cannot_hold_a_start_up(tmp_path: Path) -> None:
    """Each of many tails leads to a prefix that agrees, and only a hash of a megabyte tells that it is no frame."""
    size, count = 1 << 20, 20_000
    prefix, tail = varint(size), TAIL.pack(CHECKSUM_TAG, 0, SIZE_TAG, size, END)
    beginnings = (prefix + bytes(len(tail) - len(prefix))) * count
    path = tmp_path / f"{_NAME}{READY}"
    path.write_bytes(beginnings + bytes(size + len(prefix) - len(tail) - len(beginnings)) + tail * count)
    started = time.process_time()
    with SegmentFile(path) as file:
        found = inspect(file, may_be_cut_off=False)
    assert time.process_time() - started < 60
    assert (found.sound, found.damaged) == ([], [(0, path.stat().st_size)])
