"""What `gatelens report` does: asks for a report and writes it, whole or not at all."""

import os
import sys
import uuid
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dashboards.api.reports import REQUESTS_HEADER, ROWS_HEADER
from gatelens import __version__
from gatelens.data_directory.directory import Addresses, running_process
from gatelens.data_directory.local_access import ask_process
from gatelens.data_directory.own_store import own_store
from processors.errors import InvalidReport
from processors.reports.renderers import RENDERERS, renderer
from processors.reports.report import usage_report
from processors.reports.usage import FILTERS, report_questions
from processors.time.period import parse_period
from storage.errors import GatelensError

_REPORT_SECONDS = 600
_STANDARD_OUTPUT = Path("-")


@dataclass(frozen=True)
class UsageQuestion:
    """A usage report as the user asks for it; the names are those of the HTTP API."""

    start: str
    end: str
    by: str
    format: str
    environment: str = ""
    gateway: str = ""
    api: str = ""
    consumer: str = ""


@dataclass(frozen=True)
class UsageFile:
    """A report as a file, and what it holds."""

    content: bytes
    rows: int
    requests: int


def run_usage(question: UsageQuestion, data: Path) -> UsageFile:
    """The report, from the process that owns the data directory or by opening it. Raises GatelensError."""
    process = running_process(data)
    return _own(question, data) if process is None else _remote(question, data, process)


def format_of(format_name: str, output: Path) -> str:
    """The format that is meant: the one named, else the file's ending, else csv. Raises InvalidReport."""
    if format_name:
        chosen = renderer(format_name).name
    elif output == _STANDARD_OUTPUT:
        chosen = "csv"
    else:
        chosen = output.suffix.removeprefix(".").lower()
        if chosen not in {known.name for known in RENDERERS}:
            endings = ", ".join(f".{known.name}" for known in RENDERERS)
            raise InvalidReport(
                f"The name {output} does not say which format; end it with one of {endings}, or give --format."
            )
    if chosen == "xlsx" and output == _STANDARD_OUTPUT and sys.stdout.isatty():
        raise InvalidReport("A terminal cannot show a sheet; name a file with -o, e.g. -o usage.xlsx.")
    return chosen


def write(content: bytes, output: Path) -> None:
    """Write to a file, whole or not at all, or to standard output for `-`. Raises GatelensError."""
    if output == _STANDARD_OUTPUT:
        sys.stdout.buffer.write(content)
        return
    try:
        _replace(output.resolve(), content)
    except OSError as error:
        raise GatelensError(
            f"{output} cannot be written: {error.strerror}. Name a file in a directory that you may write to."
        ) from error


def _replace(path: Path, content: bytes) -> None:
    # Renaming onto a device such as /dev/null would do away with it.
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _own(question: UsageQuestion, data: Path) -> UsageFile:
    now = datetime.now(UTC)
    window = parse_period(question.start, question.end, now)
    with own_store(data) as store, closing(report_questions(store, lambda: now)) as questions:
        report = usage_report(
            questions, window, question.by.split(","), _filters(question), now=now, version=__version__
        )
    return UsageFile(renderer(question.format).render(report), len(report.rows), report.total["requests"])


def _remote(question: UsageQuestion, data: Path, process: Addresses) -> UsageFile:
    parameters = {
        "from": question.start,
        "to": question.end,
        "by": question.by,
        "format": question.format,
        **_filters(question),
    }
    answer = ask_process(
        data,
        process,
        "GET",
        "/api/v1/reports/usage",
        _REPORT_SECONDS,
        parameters=parameters,
        advice="Try again, or a shorter period.",
    )
    return UsageFile(answer.content, int(answer.headers[ROWS_HEADER]), int(answer.headers[REQUESTS_HEADER]))


def _filters(question: UsageQuestion) -> dict[str, str]:
    return {name: getattr(question, name) for name in FILTERS}
