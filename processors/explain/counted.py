"""Requests of which one statement told all that is counted, so that they are counted again without being read again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from processors.explain.explanation import Cause
from processors.explain.ranking import Sums

_Numbers = npt.NDArray[np.int64]
_Sums = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Counted:
    """By dimension its values, and of each request the place of its value among them; with what is summed."""

    values: Mapping[str, Sequence[str]]
    places: Mapping[str, _Numbers]
    is_after: _Numbers
    counted: _Sums
    counted_of: _Sums
    # By how much the window is longer than the baseline.
    scale: float

    def whole(self) -> Sums:
        """Of all requests."""
        return next(self._sums(np.zeros(len(self.is_after), dtype=np.int64), 1))

    def parts(self, dimension: str) -> Iterator[tuple[str, Sums]]:
        """Of each value of a dimension."""
        values = self.values[dimension]
        return zip(values, self._sums(self.places[dimension], len(values)), strict=True)

    def overlaps(self, causes: Sequence[Cause]) -> dict[int, Sums]:
        """Of the requests that have just the same ones of some values: bit i of a key is that of the i-th cause."""
        keys = np.zeros(len(self.is_after), dtype=np.int64)
        for bit, cause in enumerate(causes):
            name = cause.dimensions[0]
            keys += (self.places[name] == self.values[name].index(cause.values[0])).astype(np.int64) << bit
        return dict(enumerate(self._sums(keys, 1 << len(causes))))

    def _sums(self, keys: _Numbers, size: int) -> Iterator[Sums]:
        sides = keys * 2 + self.is_after
        sums, sums_of = (
            np.bincount(sides, weights=summed, minlength=2 * size).reshape(-1, 2) * (self.scale, 1)
            for summed in (self.counted, self.counted_of)
        )
        for (before, after), (before_of, after_of) in zip(sums.tolist(), sums_of.tolist(), strict=True):
            yield Sums(before, before_of, after, after_of)


def counted(answer: bytes, dimensions: Sequence[str], scale: float) -> Counted:
    """The answer to counted.sql in Apache Arrow's file format."""
    with pa.ipc.open_file(answer) as file:
        table = file.read_all().unify_dictionaries()
    columns = {name: table.column(name).combine_chunks() for name in table.column_names}
    return Counted(
        {name: columns[name].dictionary.to_pylist() for name in dimensions},
        {name: columns[name].indices.to_numpy(zero_copy_only=False).astype(np.int64) for name in dimensions},
        columns["is_after"].to_numpy(zero_copy_only=False).astype(np.int64),
        columns["counted"].to_numpy(zero_copy_only=False),
        columns["counted_of"].to_numpy(zero_copy_only=False),
        scale,
    )
