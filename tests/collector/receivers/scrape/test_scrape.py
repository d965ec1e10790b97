"""Scraping: what a target answers is spooled beside `up`; what is of no use is told, and holds nothing up."""

import gzip
import logging
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from collector.intake.intake import Intake
from collector.receivers.scrape.config import ScrapeConfig
from collector.receivers.scrape.receiver import Scraper
from storage.errors import ConfigError
from tests.collector.rigs.certificates import Certificates, certificates
from tests.collector.rigs.prometheus_rig import scraper
from tests.collector.rigs.receiver_rig import Rig
from tests.collector.rigs.scrape_target import Answering, target
from tests.collector.rigs.waiting import wait_until

_UP = b"\n# TYPE up gauge\nup 1\n"
_DOWN = b"\n# TYPE up gauge\nup 0\n"
_OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


@pytest.fixture
def answering() -> Iterator[Answering]:
    with target(Answering()) as started:
        yield started


def _first(directory: Path, url: str, **access: Any) -> tuple[str, bytes]:
    """Format and body of the first scrape."""
    with scraper(directory, targets=[{"url": url, **access}], max_body_size="1 MiB") as rig:
        wait_until(lambda: bool(rig.spooled()))
        return rig.spooled()[0]


def test_an_answer_is_spooled_with_up(answering: Answering, tmp_path: Path) -> None:
    access = {"gateway": "edge", "environment": "staging"}
    with scraper(tmp_path, targets=[{"url": answering.url, **access}]) as rig:
        wait_until(lambda: bool(rig.spooled()))
        assert rig.spooled()[0] == ("prometheus_text", b"a_total 1\n" + _UP)
        peer = answering.url.split("/")[2]
        assert [rig.said(number)[0] for number in (2, 3, 4)] == ["staging", "edge", peer]
    asked = answering.asked[0]
    assert "application/openmetrics-text;version=1.0.0" in asked["accept"]
    assert (asked["accept-encoding"], asked["x-prometheus-scrape-timeout-seconds"]) == ("gzip", "1")


def test_the_labels_of_a_target_stand_before_its_answer(answering: Answering, tmp_path: Path) -> None:
    _, body = _first(tmp_path, answering.url, labels={"zone": 'a "b"\n\\', "job": "edge"})
    assert body.startswith(b'# TARGET {job="edge",zone="a \\"b\\"\\n\\\\"}\na_total 1\n')


def test_packed_answers_are_unpacked(answering: Answering, tmp_path: Path) -> None:
    answering.body = gzip.compress(b"packed 1\n")
    answering.headers = {"Content-Encoding": "gzip"}
    assert _first(tmp_path, answering.url) == ("prometheus_text", b"packed 1\n" + _UP)


@pytest.mark.parametrize("content_type", ["text/plain", "TEXT/PLAIN; charset=utf-8", ""])
def test_what_names_no_format_is_text(answering: Answering, tmp_path: Path, content_type: str) -> None:
    answering.content_type = content_type
    assert _first(tmp_path, answering.url)[0] == "prometheus_text"


@pytest.mark.parametrize("body", [b"a_total 1\n# EOF\n", b"# EOF"])
def test_openmetrics_is_a_format_of_its_own(answering: Answering, tmp_path: Path, body: bytes) -> None:
    answering.body, answering.content_type = body, _OPENMETRICS
    assert _first(tmp_path, answering.url) == ("openmetrics_text", body + _UP)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ({"content_type": _OPENMETRICS, "body": b"a_total 1\n"}, "does not end with # EOF"),
        ({"content_type": _OPENMETRICS, "body": b""}, "does not end with # EOF"),
        ({"content_type": "text/html"}, "answers in 'text/html', which is no format of Prometheus"),
        ({"status": 503}, "answers 503"),
        ({"status": 204, "body": b""}, "answers 204"),
        ({"headers": {"Content-Encoding": "gzip"}}, "The body is not gzip"),
        ({"body": gzip.compress(b"a" * 99)[:-4], "headers": {"Content-Encoding": "gzip"}}, "gzip body is cut off"),
        ({"headers": {"Content-Encoding": "br"}}, "Content-Encoding 'br' is not known"),
        ({"body": bytes(2 << 20)}, "answers more than 1048576 bytes; raise collector.scrape.max_body_size"),
        (
            {"body": gzip.compress(bytes(200 << 20)), "headers": {"Content-Encoding": "gzip"}},
            "answers more than 1048576 bytes",
        ),
    ],
)
def test_an_answer_of_no_use_is_down(
    answering: Answering, tmp_path: Path, caplog: pytest.LogCaptureFixture, answer: dict[str, Any], fault: str
) -> None:
    for name, value in answer.items():
        setattr(answering, name, value)
    found = _first(tmp_path, answering.url, labels={"zone": "a"})
    assert found == ("prometheus_text", b'# TARGET {zone="a"}\n' + _DOWN)
    assert fault in _logged(caplog)[0]


def _logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    wait_until(lambda: bool(caplog.records))
    return [str(record.__dict__["error"]) for record in caplog.records if record.levelno == logging.WARNING]


def test_a_fault_is_logged_once_until_it_is_over(
    answering: Answering, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    answering.status = 500
    with scraper(tmp_path, targets=[{"url": f"{answering.url}?token=hidden"}]) as rig:
        wait_until(lambda: len(rig.spooled()) >= 3)
        answering.status = 200
        wait_until(lambda: rig.spooled()[-1][1].endswith(_UP))
    assert len(_logged(caplog)) == 1
    assert caplog.records[0].__dict__["target"] == answering.url
    assert "hidden" not in str([record.__dict__ for record in caplog.records])


def test_nobody_there_is_down(tmp_path: Path) -> None:
    assert _first(tmp_path, "http://127.0.0.1:1/metrics") == ("prometheus_text", _DOWN)


def test_a_slow_answer_is_down_and_holds_up_nobody(answering: Answering, tmp_path: Path) -> None:
    with target(Answering(waits=threading.Event())) as slow:
        targets = [{"url": slow.url, "gateway": "slow"}, {"url": answering.url, "gateway": "quick"}]
        with scraper(tmp_path, targets=targets, timeout=0.5) as rig:
            wait_until(lambda: rig.said(3).count("quick") >= 3)
            wait_until(lambda: "slow" in rig.said(3))
        assert {body for (_, body), gateway in _by_gateway(rig) if gateway == "slow"} == {_DOWN}


def _by_gateway(rig: Rig) -> list[tuple[tuple[str, bytes], str]]:
    return list(zip(rig.spooled(), rig.said(3), strict=True))


def test_the_interval_is_kept(answering: Answering, tmp_path: Path) -> None:
    started = time.monotonic()
    with scraper(tmp_path, targets=[{"url": answering.url}], interval=1) as rig:
        wait_until(lambda: len(rig.spooled()) >= 5)
    # The first comes at once; how late the others are is the machine's.
    assert time.monotonic() - started > 3.5


@pytest.mark.parametrize(
    ("access", "header"),
    [
        ({"username": "edge", "password": "s3cret:ü"}, "Basic ZWRnZTpzM2NyZXQ6w7w="),
        ({"username": "edge"}, "Basic ZWRnZTo="),
        ({"bearer_token": "t0ken"}, "Bearer t0ken"),
    ],
)
def test_a_target_learns_who_scrapes_it(
    answering: Answering, tmp_path: Path, caplog: pytest.LogCaptureFixture, access: dict[str, str], header: str
) -> None:
    with caplog.at_level(logging.DEBUG):
        _first(tmp_path, answering.url, **access)
    assert answering.asked[0]["authorization"] == header
    assert "s3cret" not in caplog.text
    assert "t0ken" not in caplog.text
    assert "s3cret" not in repr(ScrapeConfig.model_validate({"targets": [{"url": answering.url, **access}]}))


def test_a_secret_from_a_file_may_change(answering: Answering, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("first\n", encoding="utf-8")
    with scraper(tmp_path / "spool", targets=[{"url": answering.url, "bearer_token_file": str(token)}]):
        wait_until(lambda: bool(answering.asked))
        token.write_text("second\n", encoding="utf-8")
        wait_until(lambda: answering.asked[-1]["authorization"] == "Bearer second")
    assert answering.asked[0]["authorization"] == "Bearer first"


@pytest.mark.parametrize("token", ["t0ken\nx: y", "t0kén"])
def test_a_secret_that_no_header_may_hold_is_not_logged(
    answering: Answering, tmp_path: Path, caplog: pytest.LogCaptureFixture, token: str
) -> None:
    assert _first(tmp_path, answering.url, bearer_token=token)[1] == _DOWN
    assert "bearer token of the target holds what no header may" in _logged(caplog)[0]
    assert "t0k" not in str([record.__dict__ for record in caplog.records])


def test_a_missing_secret_is_a_fault(answering: Answering, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert _first(tmp_path / "spool", answering.url, bearer_token_file=str(tmp_path / "none"))[1] == _DOWN
    assert "none cannot be read; put the secret of the target there." in _logged(caplog)[0]
    assert answering.asked == []


def test_a_redirect_is_followed_without_the_secret(answering: Answering, tmp_path: Path) -> None:
    with target(Answering(status=302, headers={"Location": answering.url}, body=b"")) as first:
        assert _first(tmp_path, first.url, bearer_token="t0ken")[1].endswith(_UP)  # noqa: S106
    assert "authorization" not in answering.asked[0]


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("certificates"))


@pytest.mark.parametrize(
    ("tls", "is_up"),
    [
        ({"ca": "authority", "certificate": "client", "key": "client"}, True),
        ({"verify": False, "certificate": "client", "key": "client"}, True),
        ({"ca": "authority", "certificate": "client", "key": "client", "server_name": "localhost"}, True),
        ({"ca": "authority", "certificate": "client", "key": "client", "server_name": "elsewhere"}, False),
        ({"certificate": "client", "key": "client"}, False),
        ({"ca": "authority"}, False),
        ({"ca": "authority", "certificate": "stranger", "key": "stranger"}, False),
    ],
)
def test_tls_proves_both_sides(certified: Certificates, tmp_path: Path, tls: dict[str, Any], is_up: bool) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certified.server.certificate, certified.server.key)
    context.load_verify_locations(certified.authority)
    context.verify_mode = ssl.CERT_REQUIRED
    files = {name: value for name, value in tls.items() if name in ("verify", "server_name")}
    if "ca" in tls:
        files["ca"] = str(certified.authority)
    if "certificate" in tls:
        pair = getattr(certified, tls["certificate"])
        files |= {"certificate": str(pair.certificate), "key": str(pair.key)}
    with target(Answering(), context) as secured:
        assert _first(tmp_path, secured.url, tls=files)[1].endswith(_UP if is_up else _DOWN)


@pytest.mark.parametrize("tls", [{"ca": "nowhere.pem"}, {"certificate": "nowhere.pem"}])
def test_tls_files_of_no_use_stop_the_start(tls: dict[str, str]) -> None:
    config = ScrapeConfig.model_validate({"targets": [{"url": "https://x/metrics", "tls": tls}]})
    with pytest.raises(ConfigError, match=r"Check that ca, certificate and key in collector\.scrape are PEM"):
        Scraper(Intake.__new__(Intake), config)


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"url": "http://user:pw@x/metrics"}, "set username and password instead"),
        ({"url": "http://x", "password": "pw"}, "a password needs a username"),
        ({"url": "http://x", "bearer_token": "a", "bearer_token_file": "b"}, "exclude each other"),
        ({"url": "http://x", "labels": {"a-b": "c"}}, "'a-b' is not the name of a label"),
        ({"url": "http://x", "labels": {"a": "x" * 2000}}, "2000 letters in all"),
        ({"url": "ftp://x"}, "URL scheme should be 'http' or 'https'"),
    ],
)
def test_settings_that_cannot_be_meant(settings: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        ScrapeConfig.model_validate({"targets": [settings]})
