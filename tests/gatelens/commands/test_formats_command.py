"""`gatelens formats`: what it lists, and how it shows the beginning of a file."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collector.formats.custom.known import known_formats
from collector.formats.shared.access import ACCESS_COLUMNS
from storage.errors import GatelensError
from tests.collector.inputs.golden_cases import CASES, Case
from tests.gatelens.commands.formats_rig import own_process, printed

FORMATS = known_formats()

_COMBINED = (
    '198.51.100.7 - frank [10/Oct/2026:13:55:36 -0700] "GET /orders/1234567?a=1 HTTP/1.1" 200 2326 "-" "curl/8.5.0"\n'
    "no line of it\n"
)


Try = Callable[..., str]


@pytest.fixture(scope="module")
def tried() -> Iterator[Try]:
    with own_process() as run:
        yield lambda *arguments: run("try", *arguments)


def _words(line: str) -> list[str]:
    return line.split(maxsplit=1)


def test_every_format_that_may_be_named_is_listed() -> None:
    assert [_words(line)[0] for line in printed("list").splitlines()] == list(FORMATS.ingestible)


@pytest.mark.parametrize("name", FORMATS.ingestible)
def test_a_format_is_shown_and_has_a_statement(name: str) -> None:
    shown = dict(_words(line) for line in printed("show", name).splitlines())
    assert shown["name"] == name
    statement = printed("statement", name)
    first = next(line for line in statement.splitlines() if not line.startswith("--"))
    assert _words(first)[0] in ("SELECT", "WITH")
    assert "{{" not in statement


def test_the_columns_of_an_access_record_are_shown() -> None:
    lines = printed("show", "access").splitlines()
    assert [_words(line)[0] for line in lines] == [column.name for column in ACCESS_COLUMNS]
    assert all(column.meaning in line for column, line in zip(ACCESS_COLUMNS, lines, strict=True))


def test_a_file_is_read_as_an_import_reads_it(tmp_path: Path, tried: Try) -> None:
    access = _COMBINED.partition("\n")[0]
    wrapped, report = tmp_path / "compose.log", tmp_path / "report.csv"
    wrapped.write_text(f"edge-1    | {access}\nedge-1    | " + '{"msg":"ready"}\n')
    report.write_text("Timestamp,API Name,API Version ID,Status Code\n2026-10-10T13:55:36Z,orders,17,503\n")
    title, request, log = tried(str(wrapped)).split("\n\n")
    assert title.splitlines() == [f"{wrapped}: {name}, {FORMATS[name].summary}" for name in ("combined", "json")]
    assert "instance          edge-1" in request
    assert "body              ready" in log
    assert "status            503" in tried(str(report))


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_file_is_read_field_by_field(tmp_path: Path, tried: Try, pack: type[bytes]) -> None:
    file = tmp_path / "access.log"
    file.write_bytes(pack(_COMBINED.encode()))
    title, request, letter = tried(str(file)).split("\n\n")
    assert title == f"{file}: combined, {FORMATS['combined'].summary}"
    head, *fields = request.splitlines()
    assert head == "1  requests"
    found = dict(_words(line.strip()) for line in fields)
    assert found["api"] == "orders"
    assert found["route"] == "/orders/{id}"
    assert found["consumer"] == "frank"
    assert found["duration_us"] == "unknown"
    head, *fields = letter.splitlines()
    assert head == "2  dead letters"
    assert dict(_words(line.strip()) for line in fields) == {
        "reason": "not an access log line of this format",
        "raw": "no line of it",
        "environment": "default",
        "gateway": "proxy",
    }


def test_a_line_that_does_not_fit_is_shown_up_to_where_it_does(tmp_path: Path, tried: Try) -> None:
    file = tmp_path / "access.log"
    file.write_text(_COMBINED)
    shown = tried(
        str(file), "--lines", "1", "--log-format", 'nginx=$remote_addr - $remote_user [$time_local] "$request" $status'
    )
    assert "fits up to        column 89, but not: 2326" in shown


def test_a_file_with_nothing_in_it_is_said_to_be(tmp_path: Path, tried: Try) -> None:
    file = tmp_path / "access.log"
    file.write_bytes(b"\n")
    with pytest.raises(GatelensError, match="nothing in its first lines"):
        tried(str(file))
    file.write_bytes(b"\x7fELF\0\1")
    with pytest.raises(GatelensError, match="is binary"):
        tried(str(file))


def test_as_many_lines_are_read_as_are_asked_for(tmp_path: Path, tried: Try) -> None:
    file = tmp_path / "access.log"
    file.write_text(_COMBINED.splitlines(keepends=True)[0] * 20_000)
    assert tried(str(file)).count("requests") == 5
    assert tried(str(file), "--lines", "7").count("requests") == 7


_BROKEN = [case for case in CASES if case.name.endswith("/broken") and FORMATS[case.format].is_text]


@pytest.mark.parametrize("case", _BROKEN, ids=lambda case: case.name)
def test_whatever_may_come_is_shown(tmp_path: Path, tried: Try, case: Case) -> None:
    file = tmp_path / "case.log"
    file.write_bytes(case.body())
    assert tried(str(file), "--format", case.format, "--lines", "1000").startswith(f"{file}: {case.format}")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "nothing"), "'nothing' is not known; use one of envoy_gateway"),
        (("statement", "undecodable"), "'undecodable' is not known"),
        (("try", "{file}"), "is in no known format, judging by its first lines"),
        (("try", "{file}", "--format", "otlp_logs"), "'otlp_logs' cannot be read from files; use one of envoy_gateway"),
    ],
)
def test_what_cannot_be_shown_is_said(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    file = tmp_path / "some.log"
    file.write_text("whatever this is\n")
    with pytest.raises(GatelensError, match=message):
        printed(*(argument.format(file=file) for argument in arguments))


def test_a_damaged_file_is_said_to_be(tmp_path: Path, tried: Try) -> None:
    file = tmp_path / "some.log.gz"
    file.write_bytes(gzip.compress(b"x")[:4] + b"damage")
    with pytest.raises(GatelensError, match="cannot be read"):
        tried(str(file))
