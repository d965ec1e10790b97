"""Keys of bodies: a body is stored once, another one under its key is refused, and none of it outlasts its promise."""

import gzip
import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from collector.errors import DeliveryConflict
from collector.spool.config import SpoolConfig
from collector.spool.deliveries import DeliveryMemory
from collector.spool.frame import encode
from collector.spool.payload import Delivery, Payload
from collector.spool.segment import OPEN, READY
from collector.spool.spool import Spool
from storage.store import Store
from tests.collector.inputs.records_of_formats import COMBINED, TEXT
from tests.collector.rigs.access_logs import json_line, json_lines
from tests.collector.rigs.ingest_rig import http_port
from tests.collector.rigs.receiver_rig import Rig
from tests.collector.rigs.spooling import restart_over
from tests.collector.rigs.storing import store_all_balanced
from tests.patience import PATIENCE

_LINES = json_lines("k", range(5))
_MIXED = "\n".join([TEXT, "{}", COMBINED]).encode()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with http_port(tmp_path / "spool") as started:
        yield started


def _post(rig: Rig, key: str, body: bytes = _LINES, address: str = "/ingest/envoy_json", **headers: str) -> int:
    told = {"Idempotency-Key": key, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return httpx.post(f"{rig.http}{address}", content=body, headers=told, trust_env=False, timeout=PATIENCE).status_code


def _bodies(rig: Rig) -> list[tuple[str, bytes]]:
    return sorted(rig.spooled())


def test_small_bodies_with_keys_share_a_segment(rig: Rig) -> None:
    for number in range(30):
        assert _post(rig, f"key-{number}", json_line(str(number))) == 200
    assert len(list(rig.directory.iterdir())) == 1
    assert len(rig.spooled()) == 30


def test_the_same_body_is_acknowledged_and_stored_once(rig: Rig) -> None:
    assert [_post(rig, "again") for _ in range(3)] == [200] * 3
    assert _post(rig, "again", gzip.compress(_LINES), Content_Encoding="gzip") == 200
    assert _bodies(rig) == [("envoy_json", _LINES)]


@pytest.mark.parametrize(
    ("body", "address", "headers"),
    [
        (json_lines("other", range(5)), "/ingest/envoy_json", {}),
        (_LINES + json_line("more"), "/ingest/envoy_json", {}),
        (_LINES, "/ingest/envoy_json?environment=other", {}),
        (_LINES, "/ingest/envoy_json?gateway=other", {}),
        (_LINES, "/ingest/envoy_json?peer=other", {}),
        (_LINES, "/ingest/envoy_json", {"Content_Type": "text/x-other"}),
    ],
    ids=["body", "count", "environment", "gateway", "peer", "content type"],
)
@pytest.mark.parametrize("own", [False, True])
def test_another_body_is_refused(rig: Rig, body: bytes, address: str, headers: dict[str, str], own: bool) -> None:
    segment = f"{'&' if '?' in address else '?'}own_segment=true" if own else ""
    assert _post(rig, "taken") == 200
    assert _post(rig, "taken", body, address + segment, **headers) == 409
    assert _bodies(rig) == [("envoy_json", _LINES)]
    assert _post(rig, "free", body, address + segment, **headers) == 200


def test_a_key_belongs_to_a_path(rig: Rig) -> None:
    assert _post(rig, "shared", _LINES) == 200
    assert _post(rig, "shared", _LINES, "/ingest/json") == 200
    assert _bodies(rig) == [("envoy_json", _LINES), ("json", _LINES)]


def test_a_body_of_several_formats_is_stored_once_as_a_whole(store: Store, tmp_path: Path) -> None:
    with http_port(tmp_path, environment="keyed-formats") as rig:
        for _ in range(2):
            assert _post(rig, "formats", _MIXED, "/ingest") == 200
        assert sorted(name for name, _ in rig.spooled()) == ["combined", "envoy_text", "json"]
        assert _post(rig, "formats", _MIXED.replace(b"{}", b""), "/ingest") == 409
        store_all_balanced(store, rig.spool)
    assert store.rows("SELECT count() FROM requests WHERE environment = 'keyed-formats'") == [(2,)]


@pytest.mark.parametrize("own", ["", "?own_segment=true"])
def test_bodies_that_come_at_once_are_stored_once(rig: Rig, own: str) -> None:
    body = _LINES * 2000 if own else _LINES
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: _post(rig, "at-once", body, f"/ingest/envoy_json{own}"), range(8)))
    assert answers == [200] * 8
    assert len(rig.spooled()) == 1


def test_segments_of_their_own_cannot_delay_everybody(rig: Rig) -> None:
    answers = [_post(rig, f"own-{n}", json_line(str(n)), "/ingest/envoy_json?own_segment=true") for n in range(20)]
    assert answers == [200] * 8 + [503] * 12
    # One that is known already is no more work.
    assert _post(rig, "own-0", json_line("0"), "/ingest/envoy_json?own_segment=true") in (200, 409)
    assert _post(rig, "shared") == 200


def test_a_segment_of_its_own_needs_a_key(rig: Rig) -> None:
    answer = httpx.post(f"{rig.http}/ingest/json?own_segment=true", content=b"{}", trust_env=False, timeout=PATIENCE)
    assert (answer.status_code, "needs an Idempotency-Key" in answer.json()["error"]) == (400, True)


@pytest.mark.parametrize("own", ["", "?own_segment=true"])
def test_keys_are_known_after_a_restart(tmp_path: Path, own: str) -> None:
    for _ in range(3):
        with http_port(tmp_path / "spool") as rig:
            assert _post(rig, "restart", _LINES, f"/ingest/envoy_json{own}") == 200
            assert _post(rig, "restart", _LINES + _LINES, f"/ingest/envoy_json{own}") == 409
    assert len(rig.spooled()) == 1


_DELIVERY = Delivery(b"k" * 16, b"d" * 16)


@pytest.mark.parametrize("suffix", [OPEN, READY])
def test_a_key_that_was_not_written_down_is_found_in_its_frame(tmp_path: Path, suffix: str) -> None:
    """Killed between the frame and the entry, or back from a power failure that took the entry away."""
    restart_over(tmp_path / "spool", suffix, _DELIVERY)
    memory = DeliveryMemory(tmp_path / "spool.deliveries", 10)
    assert memory.missing(_DELIVERY.key, _DELIVERY.digest, 1) == []


def test_a_body_that_ends_like_a_delivery_is_none(tmp_path: Path) -> None:
    directory = tmp_path / "spool"
    directory.mkdir()
    forged = b"{}\x2a\x24" + _DELIVERY.key + _DELIVERY.digest + b"\0\0\1\0"
    for number, suffix in enumerate((OPEN, READY)):
        frame = encode(Payload("json", forged, 1))
        (directory / f"0000000000000000000{number}.json.x{suffix}").write_bytes(frame)
    spool = Spool(directory, SpoolConfig())
    assert spool.deliveries.missing(_DELIVERY.key, _DELIVERY.digest, 1) == range(1)
    spool.close()


def test_parts_that_are_durable_are_not_taken_again(tmp_path: Path) -> None:
    memory = DeliveryMemory(tmp_path / "keys", 10)
    memory.add([Delivery(b"k" * 16, b"d" * 16, part, 3) for part in (0, 2)], 1)
    for known in (memory, DeliveryMemory(tmp_path / "keys", 10)):
        assert known.missing(b"k" * 16, b"d" * 16, 3) == [1]
        with pytest.raises(DeliveryConflict):
            known.missing(b"k" * 16, b"d" * 16, 2)


def test_the_memory_is_bounded_and_keeps_the_latest(tmp_path: Path) -> None:
    keys = [number.to_bytes(16, "big") for number in range(105)]
    memory = DeliveryMemory(tmp_path / "keys", 10)
    for key in keys:
        memory.add([Delivery(key, key)], 1)
    for known in (memory, DeliveryMemory(tmp_path / "keys", 10)):
        missing = [bool(known.missing(key, key, 1)) for key in keys]
        assert not any(missing[-10:])
        assert 85 <= sum(missing) <= 95
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 48 * 20


@pytest.mark.parametrize("at", [0, 20, 47])
def test_a_damaged_entry_is_forgotten_alone(tmp_path: Path, at: int, caplog: pytest.LogCaptureFixture) -> None:
    memory = DeliveryMemory(tmp_path / "keys", 10)
    keys = [number.to_bytes(16, "big") for number in range(3)]
    memory.add([Delivery(key, key) for key in keys], 1)
    data = bytearray((tmp_path / "keys").read_bytes())
    data[48 + at] ^= 4
    (tmp_path / "keys").write_bytes(data + b"half an entry")
    with caplog.at_level(logging.ERROR):
        memory = DeliveryMemory(tmp_path / "keys", 10)
    assert [bool(memory.missing(key, key, 1)) for key in keys] == [False, True, False]
    assert "damaged on disk" in caplog.text
    memory.add([Delivery(b"new" + bytes(13), keys[0])], 1)
    assert not DeliveryMemory(tmp_path / "keys", 10).missing(b"new" + bytes(13), keys[0], 1)


def test_a_memory_that_cannot_be_read_or_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "spool.deliveries").mkdir()
    (tmp_path / "spool.deliveries.damaged").mkdir()
    (tmp_path / "spool.deliveries.damaged" / "in the way").touch()
    with http_port(tmp_path / "spool") as rig:
        assert [_post(rig, "memory-only") for _ in range(2)] == [200, 200]
        assert _post(rig, "memory-only", b"{}") == 409
        assert len(rig.spooled()) == 1


def test_an_answer_says_what_to_do(rig: Rig) -> None:
    _post(rig, "told")
    answer = httpx.post(
        f"{rig.http}/ingest/envoy_json",
        content=b"{}",
        headers={"Idempotency-Key": "told"},
        trust_env=False,
        timeout=PATIENCE,
    )
    assert json.loads(answer.content) == {
        "error": "This Idempotency-Key has come before with another body; give each body its own."
    }
