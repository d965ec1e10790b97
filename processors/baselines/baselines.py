"""What was usual for each API, by the answer to a question."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from processors.baselines.band import PAST, band
from processors.baselines.scale import SCALES
from processors.errors import InvalidQuestion
from processors.query.answer import Answer
from processors.query.filters import Filter
from processors.query.question import TIME, Order, Question
from processors.time.window import HOUR, Window, ceil, floor

# Beyond it a band is no answer to what is going on.
LONGEST = timedelta(days=31)


@dataclass(frozen=True)
class Baseline:
    """Of one API: a frame by the start of each hour, with the columns of `processors.baselines.band.band`."""

    environment: str
    api: str
    frame: pd.DataFrame


@dataclass(frozen=True)
class BaselineQuestion:
    """What there is to ask for the bands of a measure in a window. Raises InvalidQuestion."""

    measure: str
    window: Window
    filters: tuple[Filter, ...] = ()
    # Of environments and APIs, those with the most requests.
    limit: int = 20

    def __post_init__(self) -> None:
        if self.measure not in SCALES:
            raise InvalidQuestion(f"There is no baseline of {self.measure!r}; use any of {', '.join(SCALES)}.")
        if not HOUR <= self.end - self.start <= LONGEST:
            raise InvalidQuestion(f"A baseline is of whole hours, at least one and at most {LONGEST.days} days.")

    @property
    def start(self) -> datetime:
        return ceil(self.window.start, HOUR)

    @property
    def end(self) -> datetime:
        return floor(self.window.end, HOUR)

    @property
    def question(self) -> Question:
        """With the past that the hours are judged by."""
        return Question(
            tuple(dict.fromkeys(("requests", self.measure))),
            Window(self.start - PAST * HOUR, self.end),
            dimensions=("environment", "api"),
            filters=self.filters,
            step=HOUR,
            order=Order("requests"),
            limit=self.limit,
        )

    def bands(self, answer: Answer) -> list[Baseline]:
        """The bands, by the answer to the question."""
        return [
            Baseline(
                str(environment), str(api), band_of(seen.set_index(TIME), self.measure, Window(self.start, self.end))
            )
            for (environment, api), seen in answer.frame.groupby(["environment", "api"])
        ]


def band_of(seen: pd.DataFrame, measure: str, judged: Window) -> pd.DataFrame:
    """The band of the hours of a window; `seen` has the requests and the measure, by the hour, and the past too."""
    scale = SCALES[measure]
    first = min(seen.index.min(), pd.Timestamp(judged.start))
    hours = pd.date_range(first, pd.Timestamp(judged.end), freq="h", inclusive="left")
    of_hour = seen.reindex(hours)
    requests = of_hour["requests"].fillna(0)
    values = requests if scale.is_count else of_hour[measure]
    return band(values, requests, scale, judged=judged.length // HOUR)
