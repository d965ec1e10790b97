"""The gRPC port: OTLP by real exporters, Envoy's access log service by a client that writes what Envoy writes."""

import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]

from collector.receivers.als import stream_payloads
from collector.receivers.grpc_server import GrpcConfig, GrpcServer
from collector.receivers.intake import Intake
from collector.spool.frame import varint
from gatelens.event_loop import EventLoopThread
from storage.errors import ConfigError
from tests.collector import envoy_messages
from tests.collector.access_logs import otlp_logs
from tests.collector.receiver_rig import Rig, receivers, resident_bytes

_LIMIT = 1 << 20
_EXPORT = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
_STREAM = "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs"


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with receivers(tmp_path_factory.mktemp("spool"), limit=_LIMIT) as started:
        yield started


@pytest.fixture
def channel(rig: Rig) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(rig.grpc) as opened:
        yield opened


def _unary(channel: grpc.Channel, method: str = _EXPORT) -> Any:
    return channel.unary_unary(method, request_serializer=None, response_deserializer=None)


def _stream(channel: grpc.Channel) -> Any:
    return channel.stream_unary(_STREAM, request_serializer=None, response_deserializer=None)


def _export(channel: grpc.Channel, body: bytes, compression: grpc.Compression | None = None) -> bytes:
    return bytes(_unary(channel)(body, timeout=20, compression=compression))


def _fails(action: Callable[[], object]) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as raised:
        action()
    return raised.value


def _message(entries: list[int], named: bool) -> bytes:
    identifier = {
        "node": {"id": "sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local", "cluster": "web.shop"},
        "log_name": "http_envoy_accesslog",
    }
    logs = {"log_entry": [{"request": {"request_method": 1, "path": f"/{number}"}} for number in entries]}
    return envoy_messages.encode(({"identifier": identifier} if named else {}) | {"http_logs": logs})


def _eventually(condition: Callable[[], bool]) -> None:
    for _ in range(200):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("It did not happen within 10 seconds.")


def test_what_is_answered_is_durable(rig: Rig, channel: grpc.Channel) -> None:
    body = otlp_logs("a", "b")
    assert _export(channel, body) == b""
    assert rig.spooled()[-1] == ("otlp_logs", body)
    assert rig.said(4)[-1] == "127.0.0.1"


def test_packed_messages_are_taken(rig: Rig, channel: grpc.Channel) -> None:
    body = otlp_logs(*["packed"] * 100)
    _export(channel, body, compression=grpc.Compression.Gzip)
    assert rig.spooled()[-1] == ("otlp_logs", body)


def test_an_empty_request_is_a_success_and_nothing_to_keep(rig: Rig, channel: grpc.Channel) -> None:
    before = rig.spool.size
    assert _export(channel, b"") == b""
    assert rig.spool.size == before


@pytest.mark.parametrize("body", [otlp_logs("a")[:-1], b"\x0b\x0c", b"\xff" * 20, b"not protobuf at all"])
def test_what_is_no_message_is_refused(rig: Rig, channel: grpc.Channel, body: bytes) -> None:
    before = rig.spool.size
    fault = _fails(lambda: _export(channel, body))
    assert fault.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "Protobuf" in (fault.details() or "")
    assert rig.spool.size == before


def test_a_message_over_the_limit_is_refused(rig: Rig, channel: grpc.Channel) -> None:
    before = rig.spool.size
    fault = _fails(lambda: _export(channel, otlp_logs("x" * _LIMIT)))
    assert fault.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert rig.spool.size == before
    assert _export(channel, otlp_logs("x" * (_LIMIT - 200))) == b""


def test_a_packed_bomb_is_refused(rig: Rig, channel: grpc.Channel) -> None:
    before, size = resident_bytes(), rig.spool.size
    bomb = otlp_logs("\0" * (64 << 20))
    fault = _fails(lambda: _export(channel, bomb, compression=grpc.Compression.Gzip))
    assert fault.code() in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INTERNAL)
    assert rig.spool.size == size
    # The bomb itself is in this process too.
    assert resident_bytes() - before < (64 << 20) * 4


def test_unknown_methods_are_not_there(channel: grpc.Channel) -> None:
    call = _unary(channel, "/opentelemetry.proto.collector.trace.v1.TraceService/Nothing")
    assert _fails(lambda: call(b"", timeout=5)).code() == grpc.StatusCode.UNIMPLEMENTED


def test_clients_that_give_up_do_not_stop_the_spool(rig: Rig, channel: grpc.Channel) -> None:
    call = _unary(channel)
    for _ in range(200):
        call.future(otlp_logs("impatient"), timeout=5).cancel()
    assert _export(channel, otlp_logs("patient")) == b""


def test_a_full_spool_asks_otlp_clients_to_come_again(tmp_path: Path) -> None:
    with receivers(tmp_path, room=100) as full, grpc.insecure_channel(full.grpc) as channel:
        fault = _fails(lambda: _export(channel, otlp_logs("x" * 200)))
        assert fault.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "The spool is full" in (fault.details() or "")
        trailers: Any = dict(cast("Any", fault.trailing_metadata()))
        status = Status.FromString(trailers["grpc-status-details-bin"])
        assert status.code == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]
        for packed in (status.details[0].value, trailers["google.rpc.retryinfo-bin"]):
            assert RetryInfo.FromString(packed).retry_delay.seconds == 1
        assert status.details[0].type_url == "type.googleapis.com/google.rpc.RetryInfo"


def test_every_message_of_a_stream_says_who_sent_it(rig: Rig, channel: grpc.Channel) -> None:
    messages = [_message([1, 2], named=True), _message([3], named=False), _message([4], named=False)]
    before = len([name for name, _ in rig.spooled() if name == "envoy_als"])
    call = _stream(channel)
    assert call(iter(messages), timeout=20) == b""
    _eventually(lambda: len([1 for name, _ in rig.spooled() if name == "envoy_als"]) == before + 3)
    spooled = [body for name, body in rig.spooled() if name == "envoy_als"][before:]
    assert spooled == [_message([1, 2], named=True), _message([3], named=True), _message([4], named=True)]


def test_a_stream_that_is_no_stream_is_refused(channel: grpc.Channel) -> None:
    fault = _fails(lambda: _stream(channel)(iter([b"\xff\xff"]), timeout=20))
    assert fault.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_a_stream_that_breaks_off_keeps_what_came(rig: Rig, channel: grpc.Channel) -> None:
    gone = threading.Event()

    def messages() -> Iterator[bytes]:
        yield _message([77], named=True)
        gone.wait(20)

    call = _stream(channel).future(messages())
    _eventually(lambda: any(b"/77" in body for _, body in rig.spooled()))
    call.cancel()
    gone.set()


def test_a_stream_waits_while_the_spool_is_full(tmp_path: Path) -> None:
    with receivers(tmp_path, room=400) as full, grpc.insecure_channel(full.grpc) as channel:
        filler = otlp_logs("x" * 300)
        _export(channel, filler)
        call = _stream(channel).future(iter([_message([1, 2, 3], named=True) * 3]), timeout=20)
        time.sleep(0.3)
        assert not call.done()
        full.spool._release(full.spool.size)
        assert call.result() == b""
        _eventually(lambda: any(name == "envoy_als" for name, _ in full.spooled()))


def test_envoys_list_of_extensions_is_left_out() -> None:
    extension = b"\x4a\x05envoy" * 1000
    node = b"\x0a\x02id\x12\x02cl" + extension
    identifier = b"\x0a" + varint(len(node)) + node + b"\x12\x03log"
    message = b"\x0a" + varint(len(identifier)) + identifier + _message([1], named=False)

    async def one() -> list[bytes]:
        async def messages() -> AsyncIterator[bytes]:
            yield message

        return [payload async for payload in stream_payloads(messages())]

    loop = EventLoopThread("als")
    try:
        (payload,) = loop.run(one())
    finally:
        loop.close()
    assert len(payload) < 60
    assert payload.endswith(_message([1], named=False))
    assert b"log" in payload


def test_a_taken_port_is_a_clear_error(rig: Rig) -> None:
    loop = EventLoopThread("second")
    try:
        server = GrpcServer(Intake(rig.spool, None), GrpcConfig(listen=rig.grpc))  # type: ignore[arg-type]
        with pytest.raises(ConfigError, match=r"collector\.grpc\.listen .* cannot be opened"):
            loop.run(server.start())
    finally:
        loop.close()
