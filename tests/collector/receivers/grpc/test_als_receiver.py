"""Envoy's access log service, by a client that writes what Envoy writes: streams that name themselves but once."""

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import grpc
import pytest

from collector.encoding.protobuf import fields, length_delimited
from collector.errors import SpoolFull
from collector.spool.answer import Answer
from collector.spool.payload import Payload
from tests.collector.rigs import envoy_messages
from tests.collector.rigs.access_logs import otlp_logs
from tests.collector.rigs.receiver_rig import Rig, receivers, resident_bytes
from tests.collector.rigs.waiting import wait_until
from tests.patience import PATIENCE

_STREAM = "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs"
_EXPORT = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with receivers(tmp_path) as started:
        yield started


@pytest.fixture
def channel(rig: Rig) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(rig.grpc) as opened:
        yield opened


def _stream(channel: grpc.Channel) -> Any:
    return channel.stream_unary(_STREAM, request_serializer=None, response_deserializer=None)


def _message(entries: list[int], node: str = "", kind: str = "http_logs") -> bytes:
    log_entries = [{"common_properties": {"route_name": f"route-{number};"}} for number in entries]
    identifier = {"node": {"id": f"{node}-1", "cluster": node}, "log_name": "http_envoy_accesslog"}
    return envoy_messages.encode(({"identifier": identifier} if node else {}) | {kind: {"log_entry": log_entries}})


def _spooled(rig: Rig) -> list[bytes]:
    return [body for name, body in rig.spooled() if name == "envoy_als"]


class _Open:
    """A stream that stays open until it is told to end."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._waiting: list[bytes] = []
        self._change = threading.Condition()
        self._ended = False
        self.call = _stream(channel).future(self._messages())

    def send(self, message: bytes) -> None:
        with self._change:
            self._waiting.append(message)
            self._change.notify()

    def end(self) -> None:
        with self._change:
            self._ended = True
            self._change.notify()

    def _messages(self) -> Iterator[bytes]:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._waiting or self._ended)
                if not self._waiting:
                    return
                message = self._waiting.pop(0)
            yield message


def test_every_message_of_a_stream_says_who_sent_it(rig: Rig, channel: grpc.Channel) -> None:
    messages = [_message([1, 2], "edge"), _message([3]), _message([4], kind="tcp_logs"), _message([5])]
    assert _stream(channel)(iter(messages), timeout=PATIENCE) == b""
    assert _spooled(rig) == [
        _message([1, 2], "edge"), _message([3], "edge"), _message([4], "edge", "tcp_logs"), _message([5], "edge")
    ]  # fmt: skip


def test_a_half_closed_stream_is_answered_when_all_of_it_is_durable(rig: Rig, channel: grpc.Channel) -> None:
    messages = [_message([0], "edge"), *(_message([number]) for number in range(1, 300))]
    assert _stream(channel)(iter(messages), timeout=PATIENCE) == b""
    assert len(_spooled(rig)) == 300


def test_what_an_open_stream_brings_is_durable_at_once(rig: Rig, channel: grpc.Channel) -> None:
    stream = _Open(channel)
    stream.send(_message([1], "edge"))
    wait_until(lambda: _spooled(rig) == [_message([1], "edge")])
    time.sleep(1)
    stream.send(_message([2]))
    wait_until(lambda: _spooled(rig)[1:] == [_message([2], "edge")])
    assert not stream.call.done()
    stream.end()
    assert stream.call.result(PATIENCE) == b""


def test_streams_of_one_connection_keep_their_names(rig: Rig, channel: grpc.Channel) -> None:
    streams = {node: _Open(channel) for node in ("edge", "web", "shop")}
    for number in range(5):
        for node, stream in streams.items():
            stream.send(_message([number], "" if number else node))
    for stream in streams.values():
        stream.end()
        assert stream.call.result(PATIENCE) == b""
    expected = [_message([number], node) for node in streams for number in range(5)]
    assert sorted(_spooled(rig)) == sorted(expected)


def test_a_later_name_replaces_the_first(rig: Rig, channel: grpc.Channel) -> None:
    messages = [_message([1], "edge"), _message([2], "web"), _message([3])]
    _stream(channel)(iter(messages), timeout=PATIENCE)
    assert _spooled(rig) == [_message([1], "edge"), _message([2], "web"), _message([3], "web")]


def test_a_name_alone_is_nothing_to_keep(rig: Rig, channel: grpc.Channel) -> None:
    name = _message([], "edge").removesuffix(length_delimited(2, b""))
    assert _stream(channel)(iter([name, _message([1])]), timeout=PATIENCE) == b""
    assert _spooled(rig) == [_message([1], "edge")]


def test_an_endless_stream_takes_no_memory(rig: Rig, channel: grpc.Channel) -> None:
    def messages() -> Iterator[bytes]:
        yield _message([0], "edge")
        entries = _message(list(range(3000)))
        for number in range(1500):
            if number == 300:
                held.append(resident_bytes())
            yield entries

    held: list[int] = []
    assert _stream(channel)(messages(), timeout=PATIENCE) == b""
    assert resident_bytes() - held[0] < 60 << 20
    assert rig.spool.size > 1500 * 3000 * 10


def test_envoys_list_of_extensions_is_left_out(rig: Rig, channel: grpc.Channel) -> None:
    """Envoy 1.40 names itself in 77 kB, which would be stored with each of its messages."""
    extensions = length_delimited(9, b"envoy.filters.http.router") * 2900
    node = length_delimited(1, b"edge-1") + length_delimited(2, b"edge") + extensions
    identifier = length_delimited(1, node) + length_delimited(2, b"http_envoy_accesslog")
    assert len(identifier) > 77_000
    messages = [length_delimited(1, identifier) + _message([1]), _message([2])]
    assert _stream(channel)(iter(messages), timeout=PATIENCE) == b""
    assert _spooled(rig) == [_message([1], "edge"), _message([2], "edge")]


def _from_node(node: dict[str, Any]) -> bytes:
    log = {"log_entry": [{"common_properties": {"route_name": "route-1;"}}]}
    return envoy_messages.encode({"identifier": {"node": node, "log_name": "log"}, "http_logs": log})


def test_of_the_nodes_metadata_the_environment_is_kept(rig: Rig, channel: grpc.Channel) -> None:
    """A node of Istio has there the labels and annotations of its pod, which would be stored with each message."""
    names = {"id": "edge-1", "cluster": "edge"}
    for told, kept in (({"environment": "test"}, {"environment": "test"}), ({}, {})):
        labels = {f"label-{number}": "x" * 1000 for number in range(1000)}
        node = names | {"metadata": {"fields": labels | told}}
        assert _stream(channel)(iter([_from_node(node), _message([2])]), timeout=PATIENCE) == b""
        slim = _from_node(names | ({"metadata": {"fields": kept}} if kept else {}))
        first, second = _spooled(rig)[-2:]
        assert first == slim
        assert len(second) < 150


@pytest.mark.parametrize(
    "node", [{"id": "x" * 20_000}, {"cluster": "x" * 20_000}, {"metadata": {"fields": {"environment": "x" * 20_000}}}]
)
def test_a_node_of_endless_names_is_refused(rig: Rig, channel: grpc.Channel, node: dict[str, Any]) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        _stream(channel)(iter([_from_node(node)]), timeout=PATIENCE)
    assert raised.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "shorten them to 16384 in all" in str(raised.value.details())
    assert _spooled(rig) == []


def test_a_stream_that_is_no_stream_is_refused(rig: Rig, channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        _stream(channel)(iter([_message([1], "edge"), b"\xff\xff"]), timeout=PATIENCE)
    assert raised.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    wait_until(lambda: _spooled(rig) == [_message([1], "edge")])


def test_a_stream_that_breaks_off_keeps_what_came(rig: Rig, channel: grpc.Channel) -> None:
    stream = _Open(channel)
    stream.send(_message([77], "edge"))
    wait_until(lambda: len(_spooled(rig)) == 1)
    stream.call.cancel()
    stream.end()


def test_a_stream_waits_while_the_spool_is_full(tmp_path: Path) -> None:
    with receivers(tmp_path / "full", room=400) as full, grpc.insecure_channel(full.grpc) as channel:
        export: Any = channel.unary_unary(_EXPORT, request_serializer=None, response_deserializer=None)
        export(otlp_logs("x" * 260), timeout=PATIENCE)
        call = _stream(channel).future(iter([_message([1, 2, 3], "edge") * 3]), timeout=PATIENCE)
        time.sleep(0.3)
        assert not call.done()
        full.spool._room.release(full.spool.size)
        assert call.result() == b""
        assert len(_spooled(full)) == 1


def test_what_the_disk_does_not_take_is_offered_again(
    rig: Rig, channel: grpc.Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer_all = rig.spool.offer_all
    refused: list[Payload] = []

    def fails_once(offered: Sequence[tuple[Payload, Answer]]) -> None:
        if refused:
            offer_all(offered)
            return
        for payload, answer in offered:
            refused.append(payload)
            answer(SpoolFull("The spool cannot be written. Free space."))

    monkeypatch.setattr(rig.spool, "offer_all", fails_once)
    assert _stream(channel)(iter([_message([1], "edge"), _message([2])]), timeout=PATIENCE) == b""
    assert sorted(_spooled(rig)) == [_message([1], "edge"), _message([2], "edge")]
    assert [number for number, _, _ in fields(memoryview(refused[0].body))] == [1, 2]
