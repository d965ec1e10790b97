"""`gatelens formats` in a process of its own: that of the tests has an engine already, and a process has only one."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

from typer.testing import CliRunner

from gatelens.cli import app


def printed(*arguments: str) -> str:
    """What the command prints; raises what it raises."""
    finished = CliRunner().invoke(app, ["formats", *arguments], catch_exceptions=False)
    assert finished.exit_code == 0, finished.output
    return finished.stdout


@contextmanager
def own_process() -> Iterator[Callable[..., str]]:
    """`printed` in one other process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        yield lambda *arguments: process.submit(printed, *arguments).result(120)
