"""Measures from minutes of their columns: for code that sums by itself, such as sliding windows."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """Columns put together, over another one where one is named; unknown where that is 0."""

    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()
    # A column, or `seconds` of the window.
    over: str = ""
    divided_by: int = 1

    @property
    def columns(self) -> tuple[str, ...]:
        over = () if self.over in ("", "seconds") else (self.over,)
        return (*self.plus, *self.minus, *over)


@dataclass(frozen=True)
class Quantile:
    """Of a histogram, the middle of the bucket within which a share lies; unknown where it is empty."""

    histogram: str
    share: float
    divided_by: int = 1

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.histogram,)


@dataclass(frozen=True)
class Within:
    """Of histograms, what lies within so many times Apdex' threshold, over all of a histogram where one is named."""

    # A histogram, the times, and 1 or -1.
    terms: tuple[tuple[str, int, int], ...]
    divided_by: int = 1
    over: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        over = (self.over,) if self.over else ()
        return (*(histogram for histogram, _, _ in self.terms), *over)


@dataclass(frozen=True)
class Peak:
    """The greatest of a column; unknown where another one is 0."""

    column: str
    over: str
    divided_by: int = 1

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column, self.over)


@dataclass(frozen=True)
class Distinct:
    """How many keys a mapping has."""

    mapping: str

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.mapping,)


Sums = Ratio | Quantile | Within | Peak | Distinct
