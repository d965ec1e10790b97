"""The options of `gatelens admin` and `gatelens token`."""

from typing import Annotated

import typer

from gatelens.commands.data_option import DEFAULT_DATA, Data
from storage.access.token_files import TokenKind

admin_app = typer.Typer(no_args_is_help=True, help="Create the administrator of the pages, or change the password.")
token_app = typer.Typer(no_args_is_help=True, help="Create and revoke tokens for programs.")


@admin_app.command()
def create(name: Annotated[str, typer.Argument(help="The name to sign in with.")], data: Data = DEFAULT_DATA) -> None:
    """Create the administrator; the password is asked for, or read from standard input."""
    from gatelens.commands.access.command import create_administrator  # noqa: PLC0415 - keeps --help quick

    create_administrator(name, data)


@admin_app.command("set-password")
def set_password(data: Data = DEFAULT_DATA) -> None:
    """Set another password, which ends all sessions; it is asked for, or read from standard input."""
    from gatelens.commands.access import command  # noqa: PLC0415 - keeps --help quick

    command.set_password(data)


@admin_app.command()
def link(data: Data = DEFAULT_DATA) -> None:
    """Print a link by which a password can be set in the browser, once and within a day."""
    from gatelens.commands.access.command import print_link  # noqa: PLC0415 - keeps --help quick

    print_link(data)


@token_app.command("create")
def create_token(
    name: Annotated[str, typer.Argument(help="What it is called in the list.")],
    kind: Annotated[
        TokenKind, typer.Option("--for", help="Whether it may read the HTTP API, or send telemetry.")
    ] = TokenKind.READ,
    data: Data = DEFAULT_DATA,
) -> None:
    """Create a token and print it; it is not shown again."""
    from gatelens.commands.access import command  # noqa: PLC0415 - keeps --help quick

    command.create_token(name, kind, data)


@token_app.command("list")
def list_tokens(data: Data = DEFAULT_DATA) -> None:
    """List the tokens that `gatelens token create` made."""
    from gatelens.commands.access.command import print_tokens  # noqa: PLC0415 - keeps --help quick

    print_tokens(data)


@token_app.command("revoke")
def revoke_token(name: Annotated[str, typer.Argument(help="The token's name.")], data: Data = DEFAULT_DATA) -> None:
    """Revoke a token; a running Gatelens refuses it within two seconds."""
    from gatelens.commands.access import command  # noqa: PLC0415 - keeps --help quick

    command.revoke_token(name, data)
