"""What `gatelens ask` does: asks a running Gatelens, or the data directory itself, and prints the answer."""

import json
import os
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from pydantic import ValidationError
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gatelens.commands.whole_table import print_whole
from gatelens.data_directory.directory import running_process
from gatelens.data_directory.local_access import local_client, refusal
from gatelens.data_directory.own_store import own_store
from processors.errors import InvalidQuestion
from processors.query.document import QuestionDocument
from processors.query.formats import format_named
from processors.query.measures import Unit
from processors.query.questions import Questions
from storage.errors import GatelensError
from storage.faults import with_cure
from storage.untrusted_text import for_terminal

_SECONDS = 120
_TOKEN = "GATELENS_TOKEN"  # noqa: S105 - the name of a variable

out = Console()
err = Console(stderr=True)


def run_ask(given: dict[str, Any], output: str, url: str, data: Path) -> bytes:
    """The answer in a format, of the Gatelens at `url`, or that of the data directory. Raises GatelensError."""
    try:
        document = QuestionDocument.model_validate(given)
    except ValidationError as error:
        raise InvalidQuestion("; ".join(_fault(fault) for fault in error.errors())) from None
    return _remote(given, output, url, data) if url or running_process(data) else _own(document, output, data)


def print_table(content: bytes) -> None:
    """Print an answer in JSON as a table, and on standard error what answered."""
    answer = json.loads(content)
    table = Table(box=box.SIMPLE_HEAD)
    for column in answer["columns"]:
        is_number = column["type"] in ("integer", "number")
        table.add_column(Text(_heading(column)), justify="right" if is_number else "left", no_wrap=is_number)
    for row in answer["rows"]:
        table.add_row(*(Text(_cell(row[column["name"]], column)) for column in answer["columns"]))
    print_whole(out, table)
    err.print(f"{len(answer['rows']):,} rows from {answer['table']}: {answer['reason']}", highlight=False, markup=False)


def _own(document: QuestionDocument, name: str, data: Path) -> bytes:
    now = datetime.now(UTC)
    question = document.question(now)
    with own_store(data) as store, closing(Questions(store, lambda: now)) as questions:
        try:
            return format_named(name).render(questions.ask(question))
        except GatelensError as error:
            raise with_cure(error) from error


def _remote(given: dict[str, Any], name: str, url: str, data: Path) -> bytes:
    process = None if url else running_process(data)
    address = process.web if process is not None else url.rstrip("/")
    try:
        with local_client(data, process, _SECONDS) if process is not None else _client() as client:
            answer = client.post(f"{address}/api/v1/questions", params={"format": name}, json=given)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise GatelensError(f"Gatelens at {address} does not answer: {error}. Try again.") from error
    if answer.is_error:
        raise GatelensError(refusal(answer))
    return answer.content


def _client() -> httpx.Client:
    token = os.environ.get(_TOKEN, "")
    return httpx.Client(headers={"Authorization": f"Bearer {token}"} if token else {}, timeout=_SECONDS)


def _fault(fault: Any) -> str:
    """What is wrong with an option."""
    place = ".".join(str(part) for part in fault["loc"][:1])
    return f"`{place}`: {str(fault['msg']).removeprefix('Value error, ')}"


def _heading(column: dict[str, Any]) -> str:
    unit = column.get("unit", "")
    shown = {Unit.SHARE: "%", Unit.PER_SECOND: "/s", Unit.MILLISECONDS: "ms", Unit.BYTES: "bytes"}.get(unit, "")
    return for_terminal(f"{column['name']} {shown}".strip())


def _cell(value: Any, column: dict[str, Any]) -> str:
    if value is None:
        return "-"
    if column["kind"] != "measure":
        return for_terminal(str(value))
    if column["type"] != "number":
        return f"{value:,}" if column["type"] == "integer" else json.dumps(value)
    return f"{value * 100:.2f}" if column["unit"] == Unit.SHARE else f"{value:,.3f}"
