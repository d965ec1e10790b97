"""How far something is, on a terminal: a bar, or where nobody watches, a line now and then."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

# How often progress is printed as lines, such as in a container's log.
_STEP_PERCENT = 10

# Takes how much is done, and how many lines that is.
Show = Callable[[int, int], None]


@contextmanager
def shown(console: Console, name: str, total: int) -> Iterator[Show]:
    """What shows how much of `total` is done, until the exit."""
    if not console.is_terminal:
        yield _in_lines(console, name, total)
        return
    columns = (
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[lines]:,} lines"), TimeElapsedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(name, total=total, lines=0)
        yield lambda done, lines: progress.update(task, completed=done, lines=lines)


def _in_lines(console: Console, name: str, total: int) -> Show:
    printed = -1

    def show(done: int, lines: int) -> None:
        nonlocal printed
        step = 100 * done // total // _STEP_PERCENT
        if step > printed:
            printed = step
            console.print(f"{name}: {_STEP_PERCENT * step} %, {lines:,} lines", highlight=False, soft_wrap=True)

    return show
