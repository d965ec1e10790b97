"""The routing tree: which receivers hear of an alert, together with which others, and how often.

As Alertmanager has it, https://prometheus.io/docs/alerting/latest/configuration/#route.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from processors.alerts.routing.matchers import Matchers, all_match, show_matchers
from processors.time.durations import Duration

# `group_by: ['...']` keeps every set of labels apart.
ALL_LABELS = "..."


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_one_or_more)]


class Route(BaseModel):
    """A node of the tree; what it does not say is its parent's."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    receiver: str | None = None
    matchers: Matchers = ()
    group_by: Names | None = None
    group_wait: Duration | None = None
    group_interval: Duration | None = None
    repeat_interval: Duration | None = None
    continue_: bool = Field(default=False, alias="continue")
    mute_time_intervals: Names = ()
    active_time_intervals: Names = ()
    routes: tuple["Route", ...] = ()

    def key_below(self, parent: str) -> str:
        """Alertmanager's name for the node, under that of its parent; '' is that of none."""
        own = show_matchers(sorted(self.matchers, key=str))
        return f"{parent}/{own}" if parent else own

    def walk(self) -> Iterator["Route"]:
        """This node and all below it."""
        yield self
        for route in self.routes:
            yield from route.walk()


@dataclass(frozen=True)
class Way:
    """How the alerts of one node reach its receiver, with all that it inherits."""

    # Alertmanager's name for the node, with which the keys of groups begin: `{}/{severity="critical"}`.
    key: str
    receiver: str
    group_by: tuple[str, ...] = ()
    group_wait: timedelta = timedelta(seconds=30)
    group_interval: timedelta = timedelta(minutes=5)
    repeat_interval: timedelta = timedelta(hours=4)
    mute_time_intervals: tuple[str, ...] = ()
    active_time_intervals: tuple[str, ...] = ()

    def group_labels(self, labels: Mapping[str, str]) -> dict[str, str]:
        """The labels by which alerts are grouped."""
        if ALL_LABELS in self.group_by:
            return dict(labels)
        return {name: labels[name] for name in self.group_by if name in labels}


def ways_of(root: Route, labels: Mapping[str, str]) -> list[Way]:
    """The nodes that an alert of these labels ends at; the root where no other takes it."""
    return list(_matching(root, labels, Way(key="", receiver="")))


def _matching(route: Route, labels: Mapping[str, str], parent: Way) -> Iterator[Way]:
    if not all_match(route.matchers, labels):
        return
    way = _inheriting(route, parent)
    is_taken = False
    for child in route.routes:
        below = list(_matching(child, labels, way))
        yield from below
        is_taken = is_taken or bool(below)
        if below and not child.continue_:
            break
    if not is_taken:
        yield way


def _inheriting(route: Route, parent: Way) -> Way:
    given: dict[str, Any] = {
        name: value
        for name in ("receiver", "group_by", "group_wait", "group_interval", "repeat_interval")
        if (value := getattr(route, name)) is not None
    }
    inherited = {name: getattr(parent, name) for name in _INHERITED}
    return Way(
        **{**inherited, **given},
        key=route.key_below(parent.key),
        mute_time_intervals=route.mute_time_intervals,
        active_time_intervals=route.active_time_intervals,
    )


_INHERITED = ("receiver", "group_by", "group_wait", "group_interval", "repeat_interval")
