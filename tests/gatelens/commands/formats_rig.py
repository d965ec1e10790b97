"""Commands in one process of their own: that of the tests has an engine, and a process only one."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

from typer.testing import CliRunner

from gatelens.cli import app
from tests.patience import PATIENCE


def printed(*arguments: str, group: str = "formats") -> str:
    """What the command of a group, or of none, prints; raises what it raises."""
    words = [group, *arguments] if group else arguments
    finished = CliRunner().invoke(app, words, catch_exceptions=False, prog_name="gatelens")
    assert finished.exit_code == 0, finished.output
    return finished.stdout


@contextmanager
def own_process(group: str = "formats") -> Iterator[Callable[..., str]]:
    """`printed` in one other process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        yield lambda *arguments: process.submit(printed, *arguments, group=group).result(PATIENCE)
