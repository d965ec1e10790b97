"""Remote write at /api/v1/write: versions, answers that senders act on, and limits."""

from pathlib import Path

import cramjam
import httpx
import pytest

from collector.encoding.protobuf import length_delimited
from collector.errors import PayloadError
from collector.receivers.http.write_request import VERSION_1, VERSION_2, Contents
from tests.collector.rigs.prometheus_messages import sample_series, write_request, write_request_v2
from tests.collector.rigs.receiver_rig import LIMIT, Rig, forget_peak, peak_bytes, receivers, resident_bytes
from tests.collector.rigs.spooling import leave_room
from tests.patience import PATIENCE

_PATH = "/api/v1/write"
_TYPE = "application/x-protobuf"
_TYPE_1 = f"{_TYPE};proto=prometheus.WriteRequest"
_TYPE_2 = f"{_TYPE};proto=io.prometheus.write.v2.Request"
_SNAPPY = {"Content-Encoding": "snappy"}

_SERIES = [sample_series("up", [(1, 1000), (0, 2000)], job="edge"), sample_series("load1", [(0.5, 1000)])]
_HISTOGRAM = {"labels": {"__name__": "rpc_seconds"}, "histograms": [{"count_int": 0, "timestamp": 1000}]}
_ONE = write_request({"timeseries": _SERIES})
_TWO = write_request_v2({"timeseries": [*_SERIES, _HISTOGRAM]})


def _snap(body: bytes) -> bytes:
    return bytes(cramjam.snappy.compress_raw(body))


def _post(client: httpx.Client, body: bytes, content_type: str = _TYPE, **headers: str) -> httpx.Response:
    return client.post(_PATH, content=body, headers={"Content-Type": content_type, **_SNAPPY, **headers})


def _written(answer: httpx.Response) -> list[str | None]:
    kinds = ("Samples", "Histograms", "Exemplars")
    return [answer.headers.get(f"X-Prometheus-Remote-Write-{kind}-Written") for kind in kinds]


@pytest.mark.parametrize("content_type", [_TYPE, _TYPE_1, "Application/X-Protobuf; proto=prometheus.WriteRequest"])
def test_version_1_is_spooled_as_it_was_before_packing(rig: Rig, client: httpx.Client, content_type: str) -> None:
    answer = _post(client, _snap(_ONE), content_type)
    assert (answer.status_code, answer.content) == (204, b"")
    assert _written(answer) == [None, None, None]
    assert rig.spooled()[-1] == ("prometheus_write", _ONE)


@pytest.mark.parametrize("content_type", [_TYPE_2, f'{_TYPE}; Proto="io.prometheus.write.v2.Request"; charset=x'])
def test_version_2_is_answered_with_what_was_written(rig: Rig, client: httpx.Client, content_type: str) -> None:
    answer = _post(client, _snap(_TWO), content_type, **{"X-Prometheus-Remote-Write-Version": "2.0.0"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert _written(answer) == ["3", "1", "0"]
    assert rig.spooled()[-1] == ("prometheus_write_v2", _TWO)


def test_the_address_says_what_the_body_does_not(rig: Rig, client: httpx.Client) -> None:
    path = f"{_PATH}?environment=staging&gateway=edge&peer=host-7"
    assert client.post(path, content=_snap(_ONE), headers={"Content-Type": _TYPE}).status_code == 204
    said = zip(*(rig.said(number) for number in (2, 3, 4)), strict=True)
    assert ("staging", "edge", "host-7") in said


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (write_request({}), _TYPE_1),
        (write_request({"metadata": [{"type": 1, "metric_family_name": "up"}]}), _TYPE_1),
        (write_request({"timeseries": [{"labels": {"__name__": "up"}}]}), _TYPE_1),
        (write_request_v2({"timeseries": []}), _TYPE_2),
    ],
)
def test_what_says_nothing_of_any_value_is_taken_and_not_kept(
    rig: Rig, client: httpx.Client, body: bytes, content_type: str
) -> None:
    before = rig.spool.size
    assert _post(client, _snap(body), content_type).status_code == 204
    assert rig.spool.size == before


@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [
        ("application/json", "snappy"),
        ("", "snappy"),
        (f"{_TYPE};proto=prometheus.WriteRequestV9", "snappy"),
        (_TYPE, "gzip"),
        (_TYPE_2, "zstd"),
    ],
)
def test_what_is_not_supported_is_415_so_that_a_sender_tries_another(
    client: httpx.Client, content_type: str, encoding: str
) -> None:
    answer = _post(client, _snap(_ONE), content_type, **{"Content-Encoding": encoding})
    assert answer.status_code == 415
    assert "send application/x-protobuf of prometheus.WriteRequest or io.prometheus.write.v2.Request" in answer.text


@pytest.mark.parametrize(
    ("body", "content_type", "status", "message"),
    [
        (b"", _TYPE, 400, "The body is not in snappy's block format"),
        (b"\xff" * 20, _TYPE, 400, "The body is not in snappy's block format"),
        (_snap(_ONE)[:-3], _TYPE, 400, "The body is not in snappy's block format"),
        (_ONE, _TYPE, 400, "The body is not in snappy's block format"),
        (_snap(_ONE[:-3]), _TYPE, 400, "is not a prometheus.WriteRequest in Protobuf, or is cut off"),
        (_snap(_TWO[:-3]), _TYPE_2, 400, "is not a io.prometheus.write.v2.Request in Protobuf, or is cut off"),
        (_snap(_TWO), _TYPE_1, 400, "it has no series; check proto="),
        (_snap(_ONE), _TYPE_2, 400, "it has no series; check proto="),
        (_snap(bytes(LIMIT + 1)), _TYPE_2, 413, "unpacks to 1048577 bytes, the limit is 1048576"),
        (bytes(LIMIT + 1), _TYPE, 413, "the limit is 1048576"),
    ],
)
def test_what_cannot_be_taken_is_refused_for_good(
    rig: Rig, client: httpx.Client, body: bytes, content_type: str, status: int, message: str
) -> None:
    before = rig.spool.size
    answer = _post(client, body, content_type)
    assert answer.status_code == status
    assert message in answer.text
    assert _written(answer) == (["0", "0", "0"] if content_type == _TYPE_2 else [None] * 3)
    assert rig.spool.size == before


def test_a_bomb_takes_no_memory(client: httpx.Client) -> None:
    """Snappy tells the size before the content; a liar's claim of four gigabytes is not believed."""
    packed = _snap(bytes(100 << 20))
    before = resident_bytes()
    assert _post(client, b"\xff\xff\xff\xff\x0f" + b"\0" * 100).status_code == 413
    assert _post(client, packed[: LIMIT // 2]).status_code == 413
    assert resident_bytes() - before < 50 << 20


def test_a_full_spool_asks_to_come_again(tmp_path: Path) -> None:
    with receivers(tmp_path) as full, httpx.Client(base_url=full.http, trust_env=False, timeout=PATIENCE) as client:
        leave_room(full.spool, 20)
        for body, content_type in ((_ONE, _TYPE_1), (_TWO, _TYPE_2)):
            answer = _post(client, _snap(body), content_type)
            assert answer.status_code == 503
            assert answer.headers["Retry-After"] == "1"
            assert "The spool is full" in answer.text
            assert _written(answer) == (["0", "0", "0"] if content_type == _TYPE_2 else [None] * 3)


def test_only_post_is_there(client: httpx.Client) -> None:
    assert client.get(_PATH).status_code == 405


def test_contents_are_counted_over_all_series() -> None:
    many = [sample_series(f"m{number}", [(number, number)] * (number % 3)) for number in range(1000)]
    exemplar = {"labels": {"__name__": "e"}, "exemplars": [{"value": 1, "timestamp": 1}]}
    assert VERSION_1.contents(write_request({"timeseries": [*many, exemplar]})) == Contents(999, 0, 1)
    assert VERSION_2.contents(write_request_v2({"timeseries": [*many, exemplar, _HISTOGRAM]})) == Contents(999, 1, 1)


def test_many_samples_are_counted_in_little_memory() -> None:
    body = length_delimited(1, b"\x12\x00" * 100) * 200_000
    before = forget_peak()
    assert VERSION_1.contents(body) == Contents(20_000_000, 0, 0)
    assert peak_bytes() - before < 200 << 20


@pytest.mark.parametrize(("version", "body"), [(VERSION_1, _ONE), (VERSION_2, _TWO)])
def test_wherever_a_request_is_cut_it_is_refused_or_counted(version: object, body: bytes) -> None:
    assert isinstance(version, type(VERSION_1))
    whole = version.contents(body)
    for end in range(1, len(body)):
        try:
            contents = version.contents(body[:end])
        except PayloadError:
            continue
        assert contents.samples <= whole.samples
