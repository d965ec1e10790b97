"""How a command says what went wrong: one line on standard error."""

from rich.console import Console
from rich.markup import escape

from storage.errors import GatelensError
from storage.untrusted_text import for_terminal


def print_error(error: GatelensError) -> None:
    text = f"[bold red]Error:[/] {escape(for_terminal(str(error)))}"
    Console(stderr=True).print(text, highlight=False, soft_wrap=True)
