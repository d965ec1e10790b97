"""The gRPC port: what is answered with success is on disk, what cannot be taken is refused, as is a taken port."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]

from collector.intake.intake import Intake
from collector.receivers.grpc.config import GrpcConfig
from collector.receivers.grpc.server import GrpcServer
from gatelens.machine.event_loop import EventLoopThread
from storage.errors import ConfigError
from tests.collector.rigs.access_logs import otlp_logs
from tests.collector.rigs.receiver_rig import Rig, receivers, resident_bytes
from tests.collector.rigs.spooling import leave_room
from tests.patience import PATIENCE

_LIMIT = 1 << 20
_EXPORT = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"


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


def _export(channel: grpc.Channel, body: bytes, compression: grpc.Compression | None = None) -> bytes:
    return bytes(_unary(channel)(body, timeout=PATIENCE, compression=compression))


def _fails(action: Callable[[], object]) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as raised:
        action()
    return raised.value


def test_what_is_answered_is_durable(rig: Rig, channel: grpc.Channel) -> None:
    body = otlp_logs("a", "b")
    assert _export(channel, body) == b""
    assert rig.spooled()[-1] == ("otlp_logs", body)
    assert rig.said(4)[-1] == "127.0.0.1"


@pytest.mark.parametrize(
    ("method", "format_name"),
    [
        ("/opentelemetry.proto.collector.logs.v1.LogsService/Export", "otlp_logs"),
        ("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", "otlp_metrics"),
        ("/opentelemetry.proto.collector.trace.v1.TraceService/Export", "otlp_traces"),
    ],
)
def test_every_signal_is_spooled_as_it_came(rig: Rig, channel: grpc.Channel, method: str, format_name: str) -> None:
    body = otlp_logs(format_name)
    assert _unary(channel, method)(body, timeout=PATIENCE) == b""
    assert (format_name, body) in rig.spooled()


@pytest.mark.parametrize("compression", [grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_packed_messages_are_taken(rig: Rig, channel: grpc.Channel, compression: grpc.Compression) -> None:
    body = otlp_logs(*["packed"] * 100, compression.name)
    _export(channel, body, compression=compression)
    assert ("otlp_logs", body) in rig.spooled()


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
    assert _fails(lambda: call(b"", timeout=PATIENCE)).code() == grpc.StatusCode.UNIMPLEMENTED


def test_clients_that_give_up_do_not_stop_the_spool(rig: Rig, channel: grpc.Channel) -> None:
    call = _unary(channel)
    for _ in range(200):
        call.future(otlp_logs("impatient"), timeout=PATIENCE).cancel()
    assert _export(channel, otlp_logs("patient")) == b""


def test_a_full_spool_asks_otlp_clients_to_come_again(tmp_path: Path) -> None:
    with receivers(tmp_path) as full, grpc.insecure_channel(full.grpc) as channel:
        leave_room(full.spool, 100)
        fault = _fails(lambda: _export(channel, otlp_logs("x" * 200)))
        assert fault.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "The spool is full" in (fault.details() or "")
        trailers: Any = dict(cast("Any", fault.trailing_metadata()))
        status = Status.FromString(trailers["grpc-status-details-bin"])
        assert status.code == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]
        for packed in (status.details[0].value, trailers["google.rpc.retryinfo-bin"]):
            assert RetryInfo.FromString(packed).retry_delay.seconds == 1
        assert status.details[0].type_url == "type.googleapis.com/google.rpc.RetryInfo"


def test_what_the_whole_spool_has_no_room_for_is_final(tmp_path: Path) -> None:
    with receivers(tmp_path, room=100) as small, grpc.insecure_channel(small.grpc) as channel:
        fault = _fails(lambda: _export(channel, otlp_logs("x" * 200)))
        assert fault.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert "raise collector.spool.max_size" in (fault.details() or "")


def test_a_taken_port_is_a_clear_error(rig: Rig) -> None:
    loop = EventLoopThread("second")
    try:
        server = GrpcServer(Intake(rig.spool, None), GrpcConfig(listen=rig.grpc))  # type: ignore[arg-type]
        with pytest.raises(ConfigError, match=r"collector\.grpc\.listen .* cannot be opened"):
            loop.run(server.start())
    finally:
        loop.close()
