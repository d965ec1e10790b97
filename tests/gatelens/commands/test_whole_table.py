"""A table is not cut, wherever it is printed."""

import io

import pytest
from rich.console import Console
from rich.table import Table

from gatelens.commands.whole_table import print_whole

_NAME, _NUMBER = "a name that takes most of a line", "1,141,222,333"


def _printed(*, is_terminal: bool, can_fold: bool) -> list[str]:
    table = Table("name", box=None)
    table.columns[0].no_wrap = not can_fold
    table.add_column("rows", no_wrap=True)
    table.add_row(_NAME, _NUMBER)
    file = io.StringIO()
    print_whole(Console(file=file, width=30, force_terminal=is_terminal, color_system=None), table)
    return file.getvalue().splitlines()


@pytest.mark.parametrize("can_fold", [True, False])
def test_a_pipe_gets_each_row_in_one_line(can_fold: bool) -> None:
    rows = _printed(is_terminal=False, can_fold=can_fold)
    assert [_NAME in row and _NUMBER in row for row in rows] == [False, True]


def test_on_a_terminal_text_is_folded_and_a_number_is_whole() -> None:
    rows = _printed(is_terminal=True, can_fold=True)
    assert max(map(len, rows)) <= 30
    assert any(_NUMBER in row for row in rows)
    assert all(word in "\n".join(rows) for word in _NAME.split())


def test_what_cannot_be_folded_is_left_to_the_terminal() -> None:
    assert any(_NAME in row and _NUMBER in row for row in _printed(is_terminal=True, can_fold=False))
