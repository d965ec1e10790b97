"""CPU and memory of the gateways that carried a part of the traffic, by the requests that they handled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from processors.query.filters import Filter
from processors.query.question import Question
from processors.query.questions import Questions
from processors.resources.instance_filter import InstanceFilter
from processors.resources.resources import resources
from processors.time.window import HOUR, MINUTE, Window
from storage.store import Store

_GIB = 2**30
_BY_MINUTES_UP_TO = timedelta(hours=6)
_MOST_GATEWAYS = 20


@dataclass(frozen=True)
class Usage:
    """Of whole gateways, whatever else they carried."""

    gateways: tuple[str, ...]
    requests: int
    cpu_seconds: float
    gib_seconds: float

    @property
    def cpu_seconds_per_1000(self) -> float:
        return 1000 * self.cpu_seconds / self.requests

    @property
    def gib_seconds_per_1000(self) -> float:
        return 1000 * self.gib_seconds / self.requests


def usage(
    store: Store, questions: Questions, handled: Questions, window: Window, filters: Sequence[Filter]
) -> Usage | None:
    """The usage of the gateways of these requests; None where one of them reports no CPU. Raises StoreError.

    Where CPU is reported for a part of the time only, only requests of that part count.
    """
    by = ("environment", "gateway")
    found = questions.ask(Question(("requests",), window, by, tuple(filters), limit=_MOST_GATEWAYS)).frame
    step = MINUTE if window.length <= _BY_MINUTES_UP_TO else HOUR
    gateways, requests, cpu_seconds, gib_seconds = [], 0, 0.0, 0.0
    for environment, gateway in found[list(by)].itertuples(index=False):
        used = resources(store, window, InstanceFilter(environment, gateway), step, with_hosts=False)
        used = used.dropna(subset=["cores"])
        if used.empty:
            return None
        place = (Filter("environment", values=(environment,)), Filter("gateway", values=(gateway,)))
        counted = handled.ask(Question(("requests",), window, (), place, step=step)).frame
        requests += int(counted.loc[counted["time"].isin(used["time"]), "requests"].sum())
        cpu_seconds += float(used["cores"].sum()) * step.total_seconds()
        gib_seconds += float(used["memory_bytes"].fillna(0).sum()) / _GIB * step.total_seconds()
        gateways.append(gateway)
    return Usage(tuple(gateways), requests, cpu_seconds, gib_seconds) if requests else None
