"""What container runtimes make of lines, and the way back; who wrote them, by the path."""

import json
import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from collector.formats.flex.descriptor import FLEX
from collector.records.container_path import place_of_path
from collector.records.containers import container_of, open_part, unwrap
from tests.collector.rigs.file_rig import append, following, numbered
from tests.collector.rigs.waiting import wait_until

_TIME = "2026-11-23T10:15:30.123456789Z"
_ID = "0123456789abcdef" * 4


def _cri(stream: str, tag: str, text: str) -> bytes:
    return f"{_TIME} {stream} {tag} {text}\n".encode()


def _docker(text: str, stream: str = "stdout") -> bytes:
    return json.dumps({"log": text, "stream": stream, "time": _TIME}, separators=(",", ":")).encode() + b"\n"


@pytest.mark.parametrize(
    ("line", "container"),
    [
        (_cri("stdout", "F", "x"), "cri"),
        (_cri("stderr", "P:extra", "x"), "cri"),
        (_docker("x\n"), "docker"),
        (b'{"log":"mine","level":"info"}\n', "none"),
        (b'[2026-11-23T10:15:30.123Z] "GET / HTTP/1.1"\n', "none"),
        (b"", "none"),
    ],
)
def test_a_wrapper_is_recognised(line: bytes, container: str) -> None:
    assert container_of(line) == container


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param([("stdout", "F", "one"), ("stderr", "F", "two")], "one\ntwo\n", id="whole"),
        pytest.param([("stdout", "F", ""), ("stdout", "F", "  two ")], "\n  two \n", id="empty and blanks"),
        pytest.param([("stdout", "P", "a"), ("stdout", "P", "b"), ("stdout", "F", "c")], "abc\n", id="parts"),
        pytest.param(
            [("stdout", "P", "a"), ("stderr", "F", "x"), ("stdout", "F", "b")], "x\nab\n", id="parts of one in another"
        ),
        pytest.param(
            [("stdout", "P", "a"), ("stderr", "P", "x"), ("stdout", "F", "b")], "ab\nx\n", id="part left over"
        ),
        pytest.param([("stdout", "P", "a\rb"), ("stdout", "F", "\r")], "a\rb\r\n", id="carriage returns"),
        pytest.param([("stdout", "F", "GET P x"), ("stdout", "F", "y P: z")], "GET P x\ny P: z\n", id="P in text"),
    ],
)
def test_cri(lines: Iterable[tuple[str, str, str]], expected: str) -> None:
    assert unwrap(b"".join(_cri(*line) for line in lines), "cri") == expected.encode()


def test_what_is_not_wrapped_stays_as_it_is() -> None:
    assert unwrap(b"bare\n" + _cri("stdout", "F", "x"), "cri") == b"bare\nx\n"
    assert unwrap(_cri("stdout", "P", "x") + b"bare\n" + _cri("stdout", "F", "y"), "cri") == b"bare\nxy\n"
    assert unwrap(_docker("x\n") + b'{"log":"torn\n' + _docker("y\n"), "docker") == b'{"log":"torn\nx\ny\n'
    assert unwrap(_docker("x\n") + b'{"log":"\xff\n","stream":"stdout"}\n', "docker") == (
        b'{"log":"\xff\n","stream":"stdout"}\nx\n'
    )


def test_an_object_nested_deep_stays_as_it_is() -> None:
    deep = b'{"log":"a\\n","x":' + b"[" * 5000 + b"]" * 5000 + b',"stream":"stdout"}\n'
    assert unwrap(deep + _docker("x\n"), "docker") == deep + b"x\n"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param([_docker('a "b" \\ \t é ☃ </b>\n')], 'a "b" \\ \t é ☃ </b>\n', id="escapes"),
        pytest.param(
            [b'{"log":"\\u003cx\\u003e \\ud83d\\ude00\\n","stream":"stdout"}\n'], "<x> 😀\n", id="unicode escapes"
        ),
        pytest.param([_docker("par"), _docker("tial\n")], "partial\n", id="parts"),
        pytest.param([_docker("a"), _docker("x\n", "stderr"), _docker("b\n")], "ab\nx\n", id="parts of one in another"),
        pytest.param([b'{"log":"x\\n","stream":"stdout","attrs":{"tag":"t"},"time":"now"}\n'], "x\n", id="attributes"),
    ],
)
def test_docker(lines: list[bytes], expected: str) -> None:
    assert unwrap(b"".join(lines), "docker") == expected.encode()


def test_lines_of_flex_get_the_time_that_they_lack() -> None:
    with_time = ["2026-11-23T10:15:30Z INFO [pod] x", "[flex-gateway-fluent] [2026/11/23 10:15:30] [error] y"]
    lines = ["[flex-gateway-envoy][info] up", *with_time]
    expected = "".join(f"{line}\n" for line in (f"{_TIME} [flex-gateway-envoy][info] up", *with_time)).encode()
    assert unwrap(b"".join(_cri("stdout", "F", line) for line in lines), "cri", FLEX.untimed_line) == expected
    assert unwrap(b"".join(_docker(f"{line}\n") for line in lines), "docker", FLEX.untimed_line) == expected


def test_a_line_without_its_last_part_waits() -> None:
    whole, part = _cri("stdout", "F", "x"), _cri("stderr", "P", "x")
    assert open_part(whole + whole, "cri") == 2 * len(whole)
    assert open_part(whole + part + whole, "cri") == len(whole)
    assert open_part(part + _cri("stderr", "F", "y"), "cri") == len(part) + len(whole)
    whole, part = _docker("x\n"), _docker("x")
    assert open_part(whole + part, "docker") == len(whole)
    assert open_part(whole + part + _docker("y\n"), "docker") == len(whole + part + whole)


def test_parts_cut_anywhere_come_whole(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    draw = random.Random(3)
    lines = numbered(0, 300)
    written = b""
    for line in lines:
        text = line.decode()
        while len(text) > 20:
            size = draw.randint(1, 20)
            written += _cri("stdout", "P", text[:size])
            text = text[size:]
            if draw.random() < 0.1:
                written += _cri("stderr", "F", "{}")
        written += _cri("stdout", "F", text)
    with following(tmp_path, {"container": "cri"}) as rig, (logs / "a.log").open("ab", buffering=0) as file:
        while written:
            size = draw.randint(1, 9000)
            file.write(written[:size])
            written = written[size:]
            wait_until(lambda: True)
        wait_until(lambda: len([line for line in rig.lines() if line != b"{}"]) >= len(lines))
        assert [line for line in rig.lines() if line != b"{}"] == lines


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (
            f"/var/log/pods/shop_orders-5d8f7c9b6d-x2x4z_{_ID[:32]}/proxy/0.log",
            ("orders.shop", "orders-5d8f7c9b6d-x2x4z"),
        ),
        (f"/var/log/pods/shop_db-0_{_ID[:32]}/db/12.log.20261123-101530", ("db.shop", "db-0")),
        (f"/var/log/containers/agent-x2x4z_kube-system_agent-{_ID}.log", ("agent.kube-system", "agent-x2x4z")),
        (f"/var/lib/docker/containers/{_ID}/{_ID}-json.log", ("", _ID[:12])),
        ("/var/log/nginx/access.log", ("", "")),
    ],
)
def test_a_path_tells_the_workload(path: str, expected: tuple[str, str]) -> None:
    assert place_of_path(path) == expected


def test_the_files_of_a_node_are_read_by_their_links(tmp_path: Path) -> None:
    pod = tmp_path / "pods" / f"shop_orders-5d8f7c9b6d-x2x4z_{_ID[:32]}" / "proxy"
    pod.mkdir(parents=True)
    containers = tmp_path / "containers"
    containers.mkdir()
    link = containers / f"orders-5d8f7c9b6d-x2x4z_shop_proxy-{_ID}.log"
    link.symlink_to(pod / "0.log")
    lines = numbered(0, 6)
    wrapped = [_cri("stdout", "F", line.decode()).rstrip(b"\n") for line in lines]
    append(pod / "0.log", wrapped[:2])
    with following(tmp_path, {"include": [f"{containers}/*.log"], "container": "auto", "format": ""}) as rig:
        rig.wait_for_lines(lines[:2])
        (payload, *_) = rig.payloads()
        assert (payload.format, payload.gateway, payload.peer) == (
            "envoy_json",
            "orders.shop",
            "orders-5d8f7c9b6d-x2x4z",
        )
        # The kubelet renames a file that has grown large, and a container that starts again gets another.
        (pod / "0.log").rename(pod / "0.log.20261123-101530")
        append(pod / "0.log.20261123-101530", wrapped[2:3])
        append(pod / "0.log", wrapped[3:4])
        rig.wait_for_lines(lines[:4])
        append(pod / "1.log", wrapped[4:5])
        (containers / "new").symlink_to(pod / "1.log")
        (containers / "new").replace(link)
        append(pod / "0.log", wrapped[5:6])
        rig.wait_for_lines(lines)
