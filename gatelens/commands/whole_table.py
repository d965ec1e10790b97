"""Tables of which nothing is cut off."""

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

_WIDEST = 1_000_000


def print_whole(out: Console, table: Table) -> None:
    """Print a table. On a terminal its text is folded to the window; a file or a pipe has no width to fold it to.

    A table that cannot be folded is as wide as it is everywhere: the terminal wraps what it has no room for.
    """
    if not out.is_terminal or all(column.no_wrap for column in table.columns):
        table.width = Measurement.get(out, out.options.update(max_width=_WIDEST), table).maximum
    out.print(table, crop=False, no_wrap=True, overflow="ignore")
