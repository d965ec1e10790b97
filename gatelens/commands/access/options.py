"""`gatelens admin` and `gatelens token`: they change the database of access, which a running process looks at."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from gatelens.commands.data_option import DEFAULT_DATA, Data
from gatelens.data_directory.directory import running_process
from gatelens.machine.listeners import reachable
from storage.access.database import AccessDatabase
from storage.access.token_files import TokenKind
from storage.access.tokens import Tokens
from storage.errors import AccessError

if TYPE_CHECKING:
    from storage.access.administrators import Administrators

admin_app = typer.Typer(no_args_is_help=True, help="Create the administrator of the pages, or change the password.")
token_app = typer.Typer(no_args_is_help=True, help="Create and revoke tokens for programs.")

out = Console()
err = Console(stderr=True)


@admin_app.command("create")
def create_administrator(
    name: Annotated[str, typer.Argument(help="The name to sign in with.")], data: Data = DEFAULT_DATA
) -> None:
    """Create the administrator; the password is asked for, or read from standard input."""
    with _database(data) as database:
        administrators = _administrators(database)
        if administrators.exists():
            raise AccessError(
                "An administrator already exists; change the password with `gatelens admin set-password`."
            )
        administrators.create(name, _password(), time.time())
    err.print(f"{name} can sign in now.", highlight=False, markup=False)


@admin_app.command("set-password")
def set_password(data: Data = DEFAULT_DATA) -> None:
    """Set another password, which ends all sessions; it is asked for, or read from standard input."""
    with _existing_database(data) as database:
        _administrators(database).set_password(_password())
    err.print("The password is set; all sessions have ended.")


@admin_app.command("link")
def link(data: Data = DEFAULT_DATA) -> None:
    """Print a link by which a password can be set in the browser, once and within a day."""
    process = running_process(data)
    if process is None:
        raise AccessError(f"No Gatelens runs on {data}; start it, or use `gatelens admin create`.")
    with _database(data) as database:
        token = _administrators(database).new_link(time.time())
    out.print(f"{reachable(process.web)}/setup?token={token}", highlight=False, soft_wrap=True, markup=False)


@token_app.command("create")
def create_token(
    name: Annotated[str, typer.Argument(help="What it is called in the list.")],
    kind: Annotated[
        TokenKind, typer.Option("--for", help="Whether it may read the HTTP API, or send telemetry.")
    ] = TokenKind.READ,
    data: Data = DEFAULT_DATA,
) -> None:
    """Create a token and print it; it is not shown again."""
    with _database(data) as database:
        token = Tokens(database).create(name, kind, time.time())
    out.print(token, highlight=False, soft_wrap=True, markup=False)


@token_app.command("list")
def list_tokens(data: Data = DEFAULT_DATA) -> None:
    """List the tokens that `gatelens token create` made."""
    with _existing_database(data) as database:
        tokens = Tokens(database).list()
    table = Table("name", "for", "created")
    for token in tokens:
        table.add_row(token.name, token.kind, f"{datetime.fromtimestamp(token.created_at, UTC):%Y-%m-%d %H:%M} UTC")
    out.print(table)


@token_app.command("revoke")
def revoke_token(name: Annotated[str, typer.Argument(help="The token's name.")], data: Data = DEFAULT_DATA) -> None:
    """Revoke a token; a running Gatelens refuses it within two seconds."""
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


def _administrators(database: AccessDatabase) -> "Administrators":
    from storage.access.administrators import Administrators  # noqa: PLC0415 - keeps --help quick

    return Administrators(database)


def _password() -> str:
    """Never an argument: those are seen by everybody on the machine, and kept in the shell's history."""
    if sys.stdin.isatty():
        typed: str = typer.prompt("Password", hide_input=True, confirmation_prompt="Repeat password", err=True)
        return typed
    return sys.stdin.readline().rstrip("\r\n")
