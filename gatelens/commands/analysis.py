"""What is worked out from the tables, asked of a running Gatelens or of a data directory, and printed."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gatelens.commands.whole_table import print_whole
from gatelens.configuration.config import fault_text
from gatelens.data_directory.directory import running_process
from gatelens.data_directory.local_access import ask_process
from gatelens.data_directory.own_store import own_store
from storage.errors import GatelensError
from storage.store import Store
from storage.untrusted_text import for_terminal

out = Console()

_SECONDS = 120

Answer = Mapping[str, Any]
Model = TypeVar("Model", bound=BaseModel)


def checked(model: type[Model], body: Mapping[str, Any]) -> Model:
    """The request; raises GatelensError with every fault of it."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        lines = [f"{'.'.join(map(str, fault['loc']))}: {fault_text(fault)}" for fault in faults]
        raise GatelensError(f"This cannot be asked; correct {'; '.join(lines)}.") from None


def asked(path: str, body: Mapping[str, Any], data: Path, own: Callable[[Store, datetime], Answer]) -> Answer:
    """The answer of the process that owns the data directory, or of `own` over its opened store."""
    process = running_process(data)
    if process is None:
        with own_store(data) as store:
            return own(store, datetime.now(UTC))
    advice = "Try again, or a shorter period."
    return dict(ask_process(data, process, "POST", path, _SECONDS, body=dict(body), advice=advice).json())


def say(text: str) -> None:
    out.print(for_terminal(text), highlight=False, markup=False, soft_wrap=True)


def print_table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    table = Table(*columns, box=box.SIMPLE_HEAD)
    for row in rows:
        table.add_row(*(escape(for_terminal(cell)) for cell in row))
    if rows:
        print_whole(out, table)


def show_number(value: float | None) -> str:
    return "" if value is None else f"{value:,.4g}" if abs(value) < 100 else f"{value:,.0f}"
