"""What `gatelens admin` and `gatelens token` do: change the database of access, which a running process looks at."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from gatelens.commands.whole_table import print_whole
from gatelens.data_directory.directory import running_process
from gatelens.machine.listeners import reachable
from storage.access.administrators import Administrators
from storage.access.database import AccessDatabase
from storage.access.token_files import TokenKind
from storage.access.tokens import Tokens
from storage.errors import AccessError

out = Console()
err = Console(stderr=True)


def create_administrator(name: str, data: Path) -> None:
    with _database(data) as database:
        administrators = Administrators(database)
        if administrators.exists():
            raise AccessError(
                "An administrator already exists; change the password with `gatelens admin set-password`."
            )
        administrators.create(name, _password(), time.time())
    err.print(f"{name} can sign in now.", highlight=False, markup=False)


def set_password(data: Path) -> None:
    with _existing_database(data) as database:
        Administrators(database).set_password(_password())
    err.print("The password is set; all sessions have ended.")


def print_link(data: Path) -> None:
    process = running_process(data)
    if process is None:
        raise AccessError(f"No Gatelens runs on {data}; start it, or use `gatelens admin create`.")
    with _database(data) as database:
        token = Administrators(database).new_link(time.time())
    out.print(f"{reachable(process.web)}/setup?token={token}", highlight=False, soft_wrap=True, markup=False)


def create_token(name: str, kind: TokenKind, data: Path) -> None:
    with _database(data) as database:
        token = Tokens(database).create(name, kind, time.time())
    out.print(token, highlight=False, soft_wrap=True, markup=False)


def print_tokens(data: Path) -> None:
    with _existing_database(data) as database:
        tokens = Tokens(database).list()
    table = Table("name", "for", "created", box=box.SIMPLE_HEAD)
    for token in tokens:
        table.add_row(token.name, token.kind, f"{datetime.fromtimestamp(token.created_at, UTC):%Y-%m-%d %H:%M} UTC")
    print_whole(out, table)


def revoke_token(name: str, data: Path) -> None:
    with _existing_database(data) as database:
        Tokens(database).revoke(name)
    err.print(f"The token {name} is revoked.", highlight=False, markup=False)


@contextmanager
def _database(data: Path) -> Iterator[AccessDatabase]:
    if not data.exists():
        err.print(
            f"{data} is a new data directory; --data names that of `gatelens up`.",
            highlight=False, markup=False, soft_wrap=True,
        )  # fmt: skip
    database = AccessDatabase(data)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def _existing_database(data: Path) -> Iterator[AccessDatabase]:
    if not data.exists():
        raise AccessError(f"{data} holds no data; give the directory of `gatelens up` with --data.")
    with _database(data) as database:
        yield database


def _password() -> str:
    """Never an argument: those are seen by everybody on the machine, and kept in the shell's history."""
    if sys.stdin.isatty():
        typed: str = typer.prompt("Password", hide_input=True, confirmation_prompt="Repeat password", err=True)
        return typed
    return sys.stdin.readline().rstrip("\r\n")
