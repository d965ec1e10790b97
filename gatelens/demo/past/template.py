"""Most of a line is the same for every request of a kind: a template is that, and a line costs one `%`."""

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Columns = Mapping[str, NDArray[np.int64] | NDArray[np.str_]]

_PLACE = re.compile(r'\\?"#(?P<whole>[a-z_]+)\\?"|@(?P<part>[a-z_]+)@')


class Template:
    """A text with places for columns: `"#status"` is replaced with its quotes, `@number@` is a part of a text."""

    def __init__(self, text: str) -> None:
        self._names = [match["whole"] or match["part"] for match in _PLACE.finditer(text)]
        self._format = _PLACE.sub("%s", text.replace("%", "%%"))

    def write(self, columns: Columns, rows: NDArray[np.int64]) -> list[str]:
        """A text for each of the rows, which are indices into the columns."""
        if not self._names:
            return [self._format % ()] * rows.size
        picked = [columns[name][rows].tolist() for name in self._names]
        return [self._format % row for row in zip(*picked, strict=True)]


def write_all(templates: Mapping[int, Template], columns: Columns, picks: NDArray[np.int64]) -> list[str]:
    """A text for each row, in their order, by the template that is picked for it; rows without one are left out."""
    written: list[str] = [""] * picks.size
    for pick, template in templates.items():
        rows = np.flatnonzero(picks == pick)
        for row, text in zip(rows.tolist(), template.write(columns, rows), strict=True):
            written[row] = text
    return [text for text in written if text]
