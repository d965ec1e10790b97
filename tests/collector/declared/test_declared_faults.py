"""Faults of definitions: all at once, each with its place and what would be right."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from collector.formats.custom.definition import FormatDefinition
from collector.formats.custom.known import known_formats
from gatelens.commands.log_format import log_format_of
from gatelens.configuration.config import load_config
from storage.errors import ConfigError

_ISSUE = r"""
formats:
  - {name: edge,    nginx:   '$remote_addr - $remote_user [$time_local] "$request" $status $request_time'}
  - {name: legacy,  apache:  '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %{ms}T'}
  - {name: mesh,    envoy:   '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%" %RESPONSE_CODE%'}
  - {name: lb,      haproxy: '%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %tsc %hr %hs %{+Q}r'}
  - name: shop
    json: {time: ts, status: response.code, url: request.uri, duration: {field: took, unit: ms}}
    gateway_kind: proxy
    match: {has: [took, response.code]}
  - {name: odd, regex: '^(?P<time>\S+) (?P<status>\d{3}) (?P<duration>\d+)$', units: {duration: us}, times: {time: iso}}
collector:
  files: {sources: [{include: [/var/log/shop/*.log], format: shop}, {include: [/var/log/caddy/*.log], format: caddy}]}
"""


def _loaded(directory: Path, text: str) -> Any:
    path = directory / "gatelens.yaml"
    path.write_text(text, encoding="utf-8")
    return load_config(path, {})


def test_formats_of_the_configuration(tmp_path: Path) -> None:
    config = _loaded(tmp_path, _ISSUE)
    assert [definition.notation for definition in config.formats] == [
        "nginx",
        "apache",
        "envoy",
        "haproxy",
        "json",
        "regex",
    ]
    assert [source.format for source in config.collector.files.sources] == ["shop", "caddy"]
    formats = known_formats(config.formats)
    assert list(formats.by_name)[:6] == ["edge", "legacy", "mesh", "lb", "shop", "odd"]
    assert formats.recogniser.detect(b'{"took": 3, "response": {"code": 200}}') == "shop"
    assert formats.recogniser.detect(b'{"took": 3, "response": {}}') is None


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        _loaded(
            tmp_path,
            "formats:\n"
            "  - {name: one, nginx: '$remote_addr $ $status$body_bytes_sent'}\n"
            "  - {name: two, apache: '%h %Y %{ms'}\n"
            "  - {name: Three, envoy: '%RESPONSE_CODE'}\n"
            "web: {listens: 1}\n",
        )
    message = str(raised.value)
    for part in (
        "formats.0: nginx, column 14: `$` must be followed by the name of a variable",
        "      $remote_addr $ $status$body_bytes_sent\n                   ^",
        "formats.1: apache, column 4: %Y is no directive of LogFormat",
        "apache, column 7: `%` must be followed by a directive",
        "formats.2: name: 'Three' cannot be one; use up to 63 lower-case letters",
        "envoy, column 1: `%` must begin a command",
        "web.listens: no such setting",
    ):
        assert part in message


@pytest.mark.parametrize(
    ("definition", "fault"),
    [
        ({"nginx": "$status $"}, "column 9: `$` must be followed"),
        ({"nginx": "$status ${uri"}, "column 9: `$` must be followed"),
        ({"nginx": "$http_x$status"}, "column 8: nothing stands before this value"),
        ({"nginx": "$remote_addr $pid"}, "says nothing of a request"),
        ({"apache": "%s %D", "units": {"duration": "h"}}, "units: duration: h cannot be"),
        ({"apache": "%s %{minutes}T"}, "column 4: %{minutes}T is no directive"),
        ({"apache": "%s %{%Q}t"}, "column 6: %Q of a time cannot be read back"),
        ({"envoy": "%RESPONSE_CODE% %DURATION"}, "column 17: `%` must begin a command and end it"),
        ({"envoy": "%RESPONSE_CODE% %REQ()%"}, "column 17: %REQ()% must name a header"),
        ({"envoy": "%RESPONSE_CODE% %COMMON_DURATION(DS_RX_BEG:DS_TX_END)%"}, "needs two points and a unit"),
        ({"haproxy": "%ST %nothing"}, "column 5: %nothing is no alias"),
        ({"json": {"status": "s", "duration": "took"}}, "duration: give its unit"),
        ({"json": {"status": "s", "duration": {"field": "took", "unit": "min"}}}, "duration: give its unit"),
        ({"json": {"statuss": "s", "url": "u"}}, "statuss: no such field"),
        ({"json": {"status": "a..b"}}, "status: 'a..b' is no field"),
        ({"json": {"status": "r", "url": "r.uri"}}, "r.uri: is read both as a value and as an object"),
        ({"json": {"status": "s", "time": {"field": "t", "format": "rfc"}}}, "time: format must be one of iso"),
        ({"json": {"time": "t"}}, "says nothing of a request"),
        ({"regex": r"(?P<status>\d+)(?=x)"}, "column 16: invalid perl operator: (?="),
        ({"regex": r"(?P<status>\d+"}, "missing )"),
        ({"regex": r"\d+"}, "has no named group"),
        ({"regex": r"a(?P<status>\d+)|b(?<status>\d+)"}, "column 5: has more than one group status; put the"),
        ({"regex": r"(?P<status>\d+) (?P<duration>\d+)"}, "column 20: duration needs its unit"),
        ({"regex": r"(?P<status>\d+)", "units": {"duration": "s"}}, "units: duration is no duration of it"),
        ({"regex": r"(?P<status>\d+)", "times": {"time": "iso"}}, "times: time is no time of it"),
        ({"regex": r"(?P<status>\d+)(a)\2"}, "back-references are not supported: repeat what the group matches"),
        ({"nginx": "$status", "apache": "%s"}, "give one of nginx, apache"),
        ({}, "given: none"),
        ({"nginx": "$status", "units": {"duration": "s"}}, "units and times are for `regex`"),
        ({"nginx": "$status", "match": {"has": ["a"]}}, "match.has and match.lacks are for `json`"),
    ],
)
def test_a_fault_says_what_and_where(definition: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError) as raised:
        FormatDefinition.model_validate({"name": "edge", **definition})
    assert fault in str(raised.value)


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        (("combined",), "combined: built-in formats have these names"),
        (("edge", "edge"), "Two definitions have one name"),
    ],
)
def test_names_are_their_own(tmp_path: Path, names: tuple[str, ...], fault: str) -> None:
    listed = "\n".join(f"  - {{name: {name}, nginx: '$status'}}" for name in names)
    with pytest.raises(ConfigError, match=fault):
        _loaded(tmp_path, f"formats:\n{listed}")


def test_a_format_of_the_name_of_a_preset_takes_its_place() -> None:
    own = FormatDefinition(name="caddy", nginx="$status $uri")
    assert known_formats([own])["caddy"].summary == "declared as nginx"
    assert known_formats()["caddy"].summary == "Caddy's access log"


@pytest.mark.parametrize(
    ("option", "notation"),
    [
        ("nginx=$status $uri", "nginx"),
        ("apache=%s %U", "apache"),
        ("json={status: s, url: u}", "json"),
        ("{regex: '^(?P<status>\\d+) (?P<duration>\\d+)$', units: {duration: ms}}", "regex"),
    ],
)
def test_the_option_of_import(option: str, notation: str) -> None:
    definition = log_format_of(option)
    assert definition.notation == notation
    assert definition.name == log_format_of(option).name


@pytest.mark.parametrize(
    ("option", "fault"),
    [
        ("iis=x", "--log-format must be one of nginx=..."),
        ("nginx=$", "nginx, column 1: `$` must be followed"),
        ("json={status", "json is not YAML"),
        ("{nginx: [", "--log-format is not YAML: expected the node content"),
        ("{nginx: [", "in line 1, column 10. Correct that line."),
        ("{nginx: '$status', what: 1}", "Extra inputs"),
    ],
)
def test_faults_of_the_option(option: str, fault: str) -> None:
    with pytest.raises(ConfigError) as raised:
        log_format_of(option)
    assert fault in str(raised.value)
