"""Which listeners start without authentication, and which need a token."""

from pathlib import Path
from typing import Any

import pytest

from collector.receivers.receiver import RECEIVERS
from gatelens.access.listener_access import check_demo, check_listeners, is_loopback, needs_sender_token, warnings
from gatelens.configuration.config import Config
from storage.errors import ConfigError

_TLS = {"certificate": "a.pem", "key": "a.key"}
_MUTUAL = {**_TLS, "client_ca": "ca.pem"}
_PUBLIC = "0.0.0.0:0"


def _config(**sections: Any) -> Config:
    return Config.model_validate(sections)


def _faults(config: Config, *, has_sender_tokens: bool = False) -> list[str]:
    try:
        check_listeners(config, has_sender_tokens=has_sender_tokens)
    except ConfigError as error:
        return str(error).splitlines()
    return []


@pytest.mark.parametrize(
    ("listen", "is_so"),
    [
        ("127.0.0.1:0", True), ("127.9.9.9:0", True), ("[::1]:0", True), ("localhost:0", True),
        ("0.0.0.0:0", False), ("[::]:0", False), ("192.0.2.7:0", False), ("gatelens.example.com:0", False),
        ("[::ffff:192.0.2.7]:0", False), ("localhost.example.com:0", False),
    ],
)  # fmt: skip
def test_what_only_this_machine_reaches(listen: str, is_so: bool) -> None:
    assert is_loopback(listen, "web.listen") == is_so


@pytest.mark.parametrize(
    ("section", "settings", "fault"),
    [
        ("grpc", {"sender_tokens": "required"}, "collector.grpc"),
        ("http", {"tls": _TLS}, "collector.http"),
        ("forward", {"listen": ""}, "collector.forward.listen"),
        ("forward", {"shared_key": "k"}, "collector.forward"),
    ],
)
def test_the_demo_says_which_listener_would_refuse_it(section: str, settings: dict[str, Any], fault: str) -> None:
    check_demo(Config())
    with pytest.raises(ConfigError) as refused:
        check_demo(_config(collector={section: settings}))
    assert fault in str(refused.value)


def test_the_defaults_need_nothing() -> None:
    assert _faults(Config()) == []
    assert warnings(Config()) == []
    assert not needs_sender_token(Config().collector.http, "x")
    assert not needs_sender_token(Config().collector.grpc, "x")


def test_no_receiver_that_listens_is_open_to_other_machines() -> None:
    collector = Config().collector
    listening = {kind.name for kind in RECEIVERS if hasattr(getattr(collector, kind.name), "listen")}
    faults = _faults(_config(collector={name: {"listen": _PUBLIC} for name in listening}))
    assert {fault.split()[0] for fault in faults} == {f"collector.{name}.listen" for name in listening}


def test_all_open_listeners_are_reported_with_their_cures() -> None:
    collector = {name: {"listen": _PUBLIC} for name in ("http", "grpc", "forward")}
    faults = _faults(_config(collector=collector))
    assert [fault.split()[0] for fault in faults] == [
        "collector.http.listen", "collector.grpc.listen", "collector.forward.listen",
    ]  # fmt: skip
    for fault, cure in zip(faults, ("gatelens token create NAME --for send",) * 2 + ("shared_key",), strict=True):
        assert "does not start without authentication" in fault
        assert cure in fault
        assert "allow_unauthenticated" in fault


@pytest.mark.parametrize(
    ("name", "settings", "needs_token"),
    [
        ("http", {"allow_unauthenticated": True}, False),
        ("http", {"tls": _MUTUAL}, False),
        ("http", {"hec": {"tokens": [{"token": "x"}]}}, True),
        ("grpc", {"allow_unauthenticated": True}, False),
        ("grpc", {"tls": _MUTUAL}, False),
    ],
)
def test_what_counts_as_authentication(name: str, settings: dict[str, Any], needs_token: bool) -> None:
    config = _config(collector={name: {"listen": _PUBLIC, **settings}})
    assert _faults(config) == []
    assert needs_sender_token(getattr(config.collector, name), "x") == needs_token


@pytest.mark.parametrize("name", ["http", "grpc"])
def test_a_certificate_alone_tells_nothing_of_who_sends(name: str) -> None:
    config = _config(collector={name: {"listen": _PUBLIC, "tls": _TLS}})
    assert len(_faults(config)) == 1
    assert _faults(config, has_sender_tokens=True) == []
    assert needs_sender_token(getattr(config.collector, name), "x")


@pytest.mark.parametrize("name", ["http", "grpc"])
def test_tokens_can_be_required_on_loopback_too(name: str) -> None:
    for more in ({}, {"allow_unauthenticated": True}, {"tls": _MUTUAL}):
        config = _config(collector={name: {"sender_tokens": "required", **more}})
        assert needs_sender_token(getattr(config.collector, name), "x")
        assert len(_faults(config)) == 1
        assert _faults(config, has_sender_tokens=True) == []


@pytest.mark.parametrize(
    "settings",
    [
        {"shared_key": "x"}, {"users": [{"name": "a", "password": "b"}]}, {"tls": _MUTUAL},
        {"allow_unauthenticated": True}, {"listen": ""},
    ],
)  # fmt: skip
def test_forward_starts_where_it_knows_its_agents(settings: dict[str, Any]) -> None:
    assert _faults(_config(collector={"forward": {"listen": _PUBLIC, **settings}})) == []


def test_what_is_open_is_logged_at_each_start(tmp_path: Path) -> None:
    opened = {"listen": _PUBLIC, "allow_unauthenticated": True}
    config = _config(web=opened, collector=dict.fromkeys(("http", "grpc", "forward"), opened))
    told = warnings(config)
    assert [line.split()[0] for line in told] == [
        "web.listen", "collector.http.listen", "collector.grpc.listen", "collector.forward.listen",
    ]  # fmt: skip
    assert all("is open to everybody" in line for line in told)


def test_passwords_in_the_clear_are_warned_about() -> None:
    assert "takes passwords over plain HTTP" in warnings(_config(web={"listen": _PUBLIC}))[0]
    assert warnings(_config(web={"listen": _PUBLIC, "tls": _TLS})) == []


@pytest.mark.parametrize("section", ["http", "grpc"])
def test_tokens_in_the_clear_are_warned_about(section: str) -> None:
    [warning] = warnings(_config(collector={section: {"listen": _PUBLIC}}))
    assert warning.startswith(f"collector.{section}.listen") and "takes tokens in the clear" in warning
    assert warnings(_config(collector={section: {"listen": _PUBLIC, "tls": _TLS}})) == []
