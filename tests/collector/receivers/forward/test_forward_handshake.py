"""Who may send: the shared key, users, TLS, and the Unix socket."""

import hashlib
import os
import socket
import ssl
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgpack  # type: ignore[import-untyped]
import pytest

from collector.intake.chunk_delivery import ChunkDelivery
from collector.intake.chunk_memory import ChunkMemory
from collector.intake.intake import Intake
from collector.receivers.forward.config import ForwardConfig
from collector.receivers.forward.server import RECEIVER, ForwardServer
from collector.spool.config import SpoolConfig
from collector.spool.spool import Spool
from gatelens.machine.event_loop import EventLoopThread
from storage.errors import ConfigError
from tests.collector.rigs.certificates import certificates
from tests.collector.rigs.counting_metrics import CountingMetrics
from tests.collector.rigs.forward_rig import MOMENT, Agent, ForwardRig, forward
from tests.collector.rigs.waiting import wait_until
from tests.patience import PATIENCE

_CHUNK = ["app", [[MOMENT, {"log": "x"}]], {"chunk": "c"}]
_USERS = [{"name": "edge", "password": "secret"}, {"name": "other", "password": "word"}]


def _digest(*parts: bytes) -> str:
    return hashlib.sha512(b"".join(parts)).hexdigest()


def _shake(agent: Agent, key: str, user: str = "", password: str = "") -> Any:
    """What an agent says, by the specification; returns the PONG."""
    helo, options = agent.answer()
    assert (helo, options["keepalive"]) == ("HELO", True)
    # Fluent Bit's salt is a string of any bytes.
    salt, nonce = b"\xff\xfe" + os.urandom(14), options["nonce"]
    shared = _digest(salt, b"agent-1", nonce, key.encode())
    proof = _digest(options["auth"], user.encode(), password.encode()) if options["auth"] else ""
    packer = msgpack.Packer(use_bin_type=False)
    agent.socket.sendall(packer.pack(["PING", "agent-1", salt, shared, user, proof]))
    pong = agent.answer()
    if pong[1]:
        assert pong[4] == _digest(salt, pong[3].encode(), nonce, key.encode())
    return pong


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForwardRig]:
    with forward(tmp_path_factory.mktemp("keyed"), {"shared_key": "k-1"}) as rig:
        yield rig


@pytest.fixture(scope="module")
def with_users(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForwardRig]:
    with forward(tmp_path_factory.mktemp("users"), {"shared_key": "k-1", "users": _USERS}) as rig:
        yield rig


def test_the_shared_key_opens(keyed: ForwardRig) -> None:
    with keyed.connect() as agent:
        _, success, reason, hostname, _ = _shake(agent, "k-1")
        assert (success, reason, hostname) == (True, "", f"gatelens-{socket.gethostname()}")
        agent.send(_CHUNK)
        assert agent.answer() == {"ack": "c"}


def test_another_key_is_answered_and_closed(keyed: ForwardRig) -> None:
    with keyed.connect() as agent:
        assert _shake(agent, "k-2") == ["PONG", False, "shared_key mismatch", "", ""]
        assert agent.is_closed()
    assert keyed.metrics.reasons[-1] == "unauthenticated"


@pytest.mark.parametrize(
    "first",
    [
        _CHUNK,
        ["PING"],
        ["PING", "host", "salt", "digest", "", 7],
        ["PING", "host", ["salt"], "digest", "", ""],
        ["PONG", "host", "salt", "digest", "", ""],
        None,
        [[[]]],
    ],
)
def test_anything_but_a_ping_is_closed(keyed: ForwardRig, first: object) -> None:
    before = keyed.payloads()
    with keyed.connect() as agent:
        agent.answer()
        agent.send(first)
        assert agent.is_closed()
    assert keyed.since(before) == []


def test_records_behind_the_ping_are_not_taken(keyed: ForwardRig) -> None:
    before = keyed.payloads()
    with keyed.connect() as agent:
        agent.answer()
        agent.socket.sendall(msgpack.packb(["PING", "h", "s", "d", "", ""]) + msgpack.packb(_CHUNK))
        assert agent.is_closed()
    assert keyed.since(before) == []


def test_users(with_users: ForwardRig) -> None:
    for user, password, is_right in (
        ("edge", "secret", True),
        ("other", "word", True),
        ("edge", "word", False),
        ("", "", False),
        ("nobody", "", False),
    ):
        with with_users.connect() as agent:
            pong = _shake(agent, "k-1", user, password)
            assert pong[1] is is_right
            assert is_right or pong[2] == "username/password mismatch"


def test_tls(tmp_path: Path) -> None:
    made = certificates(tmp_path)
    tls = {
        "certificate": str(made.server.certificate), "key": str(made.server.key), "client_ca": str(made.authority)
    }  # fmt: skip
    with forward(tmp_path, {"tls": tls, "shared_key": "k"}) as rig:
        context = ssl.create_default_context(cafile=made.authority)
        context.load_cert_chain(made.client.certificate, made.client.key)
        plain = socket.create_connection(("127.0.0.1", rig.port), timeout=PATIENCE)
        with Agent(context.wrap_socket(plain, server_hostname="localhost")) as agent:
            assert _shake(agent, "k")[1]
            agent.send(_CHUNK)
            assert agent.answer() == {"ack": "c"}
        with rig.connect() as agent:
            agent.send(_CHUNK)
            assert agent.is_closed()
        assert len(rig.payloads()) == 1


def test_a_unix_socket(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as short:
        path = Path(short) / "forward.sock"
        for _ in range(2):
            with forward(tmp_path, {"listen": "", "unix_socket": str(path)}) as rig:
                assert stat.S_ISSOCK(path.stat().st_mode)
                assert stat.S_IMODE(path.stat().st_mode) == 0o660
                connected = socket.socket(socket.AF_UNIX)
                connected.connect(str(path))
                with Agent(connected) as agent:
                    agent.send(_CHUNK)
                    assert agent.answer() == {"ack": "c"}
                assert [payload["peer"] for payload in rig.payloads()] == ["unix"]
            assert not path.exists()
        # What a killed process left there is in nobody's way.
        left = socket.socket(socket.AF_UNIX)
        left.bind(str(path))
        left.close()
        with forward(tmp_path, {"listen": "", "unix_socket": str(path)}):
            assert path.is_socket()


def test_heartbeats(tmp_path: Path) -> None:
    with forward(tmp_path, {"heartbeat": True}) as rig, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as agent:
        agent.settimeout(PATIENCE)
        agent.sendto(b"\0", ("127.0.0.1", rig.port))
        assert agent.recvfrom(10)[0] == b"\0"


def _fault(directory: Path, **settings: Any) -> str:
    chunks = ChunkMemory(directory / "chunks", directory / "spool", 10)
    spool = Spool(directory / "spool", SpoolConfig())
    loop = EventLoopThread("forward")
    metrics = CountingMetrics()
    delivery = ChunkDelivery(RECEIVER, spool, chunks, metrics)
    server = ForwardServer(Intake(spool, metrics), delivery, ForwardConfig.model_validate(settings))
    try:
        with pytest.raises(ConfigError) as fault:
            loop.run(server.start())
    finally:
        loop.run(server.stop())
        loop.close()
        spool.close()
        chunks.close()
    return str(fault.value)


def test_faults_of_the_configuration_are_reported(tmp_path: Path) -> None:
    with forward(tmp_path / "first") as rig:
        assert "cannot be opened" in _fault(tmp_path / "a", listen=f"127.0.0.1:{rig.port}")
    assert "give an address and a port" in _fault(tmp_path / "b", listen="24224")
    assert "unix_socket" in _fault(tmp_path / "c", listen="", unix_socket="/nowhere/at/all.sock")
    missing = {"certificate": "/nowhere.pem", "key": "/nowhere.key"}
    assert "collector.forward.tls" in _fault(tmp_path / "d", listen="127.0.0.1:0", tls=missing)
    with pytest.raises(ValueError, match="not a format"):
        ForwardConfig.model_validate({"rules": [{"tag": "*", "format": "otlp_logs"}]})


def test_more_connections_than_may_be_are_closed(tmp_path: Path) -> None:
    with forward(tmp_path, {"max_connections": 2}) as rig:
        first, second = rig.connect(), rig.connect()
        for agent in (first, second):
            agent.send(_CHUNK)
            assert agent.answer() == {"ack": "c"}
            agent.socket.sendall(msgpack.packb(_CHUNK)[:-1])
        wait_until(lambda: all(found.idle_since is None for found in rig.server._limiter._admitted))
        with rig.connect() as third:
            assert third.is_closed()
        first.socket.close()
        wait_until(lambda: len(rig.server._limiter._admitted) == 1)
        second.socket.sendall(msgpack.packb(_CHUNK)[-1:])
        assert second.answer() == {"ack": "c"}
        with rig.connect() as again:
            again.send(_CHUNK)
            assert again.answer() == {"ack": "c"}
        second.socket.close()
        assert rig.metrics.connection_reasons == ["too_many_connections"]
