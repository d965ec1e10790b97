"""What is known of APIs besides the traffic of the range: owner, state, objectives, and what is usual."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache

import pandas as pd

from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from processors.baselines.baselines import LONGEST, Baseline, BaselineQuestion
from processors.catalogue.catalogue import ApiEntry, catalogue
from processors.query.filters import Filter
from processors.slo.slos import Standing
from processors.time.window import HOUR, MINUTE, Window, ceil, floor

# What the catalogue calls used, whatever range a reader looks at.
RECENT = timedelta(days=7)
_CATALOGUE_STANDS = timedelta(minutes=10)
_MOST_APIS = 100
# A band up to so many times of what is expected still says something.
_WIDEST = 4.0
# Of the last readers and their filters.
_REMEMBERED = 32


@dataclass(frozen=True)
class Usual:
    """An API's p95 of an hour against the same hour of the week: milliseconds, NaN where too little is known."""

    hour: datetime
    value: float
    lower: float
    upper: float
    is_unusual: bool


@dataclass(frozen=True)
class KnownFacts:
    """What is known of all APIs, by their names."""

    entries: Mapping[str, tuple[ApiEntry, ...]] = field(default_factory=dict)
    standings: Mapping[str, tuple[Standing, ...]] = field(default_factory=dict)
    usual: Mapping[str, Usual] = field(default_factory=dict)


class ApiFacts:
    """Asked for when their time has passed, not at every refresh: the catalogue, standings by the minute, bands by the
    hour. All raise StoreError."""

    def __init__(self, parts: PageParts) -> None:
        @lru_cache(maxsize=1)
        def entries(at: datetime) -> Mapping[str, tuple[ApiEntry, ...]]:
            known = parts.catalogued
            found = catalogue(parts.store, Window(at - RECENT, at), known.apis, known.documents)
            return {name: tuple(one for one in found if one.api == name) for name in {one.api for one in found}}

        @lru_cache(maxsize=1)
        def standings(minute: datetime) -> Mapping[str, tuple[Standing, ...]]:
            if not any(objective.api for objective in parts.slos.objectives):
                return {}
            found = parts.slos.standings(parts.questions.ask_all(parts.slos.questions(minute)))
            names = {standing.objective.api for standing in found} - {""}
            return {name: tuple(one for one in found if one.objective.api == name) for name in names}

        @lru_cache(maxsize=_REMEMBERED)
        def bands(window: Window, filters: tuple[Filter, ...]) -> tuple[Baseline, ...]:
            asked = BaselineQuestion("p95", window, filters, _MOST_APIS)
            found = asked.bands(parts.questions.ask(asked.question))
            return tuple(replace(one, frame=_usual_known(one.frame)) for one in found)

        self._entries: Callable[[datetime], Mapping[str, tuple[ApiEntry, ...]]] = entries
        self._standings: Callable[[datetime], Mapping[str, tuple[Standing, ...]]] = standings
        self._bands: Callable[[Window, tuple[Filter, ...]], tuple[Baseline, ...]] = bands

    def known(self, context: PageContext) -> KnownFacts:
        """All of it."""
        return KnownFacts(self.entries(context.now), self.standings(context.now), self.usual(context))

    def entries(self, now: datetime) -> Mapping[str, tuple[ApiEntry, ...]]:
        """The versions of each API that ever had traffic or is catalogued; their state is that of the last RECENT."""
        return self._entries(floor(now, _CATALOGUE_STANDS))

    def standings(self, now: datetime) -> Mapping[str, tuple[Standing, ...]]:
        """How the objectives of each API stand, of those that are about one."""
        return self._standings(floor(now, MINUTE))

    def usual(self, context: PageContext) -> Mapping[str, Usual]:
        """For each API the last whole hour of the range; of several environments, the least usual one."""
        end = floor(min(context.window.end, context.now), HOUR)
        found: dict[str, tuple[float, Usual]] = {}
        for baseline in self._bands(Window(end - HOUR, end), _filters(context)):
            row = baseline.frame.iloc[-1]
            far = float(row["score"])
            usual = Usual(end - HOUR, row["value"], row["lower"], row["upper"], row["is_unusual"] == 1)
            if far == far and (baseline.api not in found or far > found[baseline.api][0]):  # noqa: PLR0124 - NaN is not itself
                found[baseline.api] = (far, usual)
        return {api: usual for api, (_, usual) in found.items()}

    def band(self, context: PageContext) -> pd.DataFrame | None:
        """The hours of the range with `lower` and `upper` of p95, by their start; None where there is no one band."""
        window = Window(floor(context.window.start, HOUR), ceil(context.window.end, HOUR))
        if window.length > LONGEST:
            return None
        found = self._bands(window, _filters(context))
        if len(found) != 1 or found[0].frame["lower"].isna().all():
            return None
        return found[0].frame[["lower", "upper"]]


def _usual_known(frame: pd.DataFrame) -> pd.DataFrame:
    """Without the hours of so few requests that hardly any p95 would be unusual."""
    says_nothing = frame["upper"] > _WIDEST * frame["expected"]
    return frame.mask(says_nothing & ~frame["is_unusual"])


def _filters(context: PageContext) -> tuple[Filter, ...]:
    return (*context.view.filters, *context.implied)
