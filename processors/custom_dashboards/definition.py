"""A dashboard as its author writes it, in YAML: panels, each a question about traffic and how its answer is drawn."""

from datetime import timedelta
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from processors.errors import InvalidDashboard, InvalidQuestion
from processors.field_faults import Fault, field_complaint
from processors.query.dimensions import dimension
from processors.query.filters import parse_filter
from processors.query.measures import measure
from processors.time.durations import Duration
from processors.yaml_lines import Document, parse_document
from storage.yaml_text import LONGEST_DEFINITION

MOST_PANELS = 50
_MOST_GROUPS = 1_000
_DEEPEST = 10

Drawn = Literal["figure", "time_chart", "table", "bars"]


def _measure(name: str) -> str:
    try:
        if measure(name).is_histogram:
            raise ValueError(f"{name!r} is a histogram, which no panel draws; use its percentiles, such as p95")
    except InvalidQuestion as error:
        raise ValueError(str(error)) from None
    return name


def _dimension(name: str) -> str:
    try:
        dimension(name)
    except InvalidQuestion as error:
        raise ValueError(str(error)) from None
    return name


def _filter(text: str) -> str:
    try:
        parse_filter(text)
    except InvalidQuestion as error:
        raise ValueError(str(error)) from None
    return text


def _step(step: timedelta) -> timedelta:
    if step < timedelta(minutes=1):
        raise ValueError("a step is a minute or more, such as 1m or 5m")
    return step


class PanelDefinition(BaseModel):
    """A panel. Range, filters and comparison of the page are those of the context bar; `filters` narrow further."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=1, max_length=200)
    draw: Drawn
    # Of twelve columns.
    width: int = Field(default=6, ge=2, le=12)
    measures: tuple[Annotated[str, AfterValidator(_measure)], ...] = Field(min_length=1, max_length=20)
    by: tuple[Annotated[str, AfterValidator(_dimension)], ...] = Field(default=(), max_length=5)
    filters: tuple[Annotated[str, AfterValidator(_filter)], ...] = Field(default=(), max_length=50)
    # Of a time chart; at least 120 in the range where it is not given.
    step: Annotated[Duration, AfterValidator(_step)] | None = None
    # One of the measures or dimensions, with '-' before it descending.
    order: str = ""
    limit: int | None = Field(default=None, ge=1, le=_MOST_GROUPS)

    @model_validator(mode="after")
    def _goes_together(self) -> "PanelDefinition":
        for name in (*self.measures, *self.by):
            if (*self.measures, *self.by).count(name) > 1:
                raise ValueError(f"{name!r} is named twice; name each measure and dimension once")
        if self.draw == "figure" and self.by:
            raise ValueError("a figure is one value; leave `by` out, or draw a table or bars")
        if self.draw in ("table", "bars") and not self.by:
            raise ValueError(f"{self.draw} needs `by`, such as by: [api]; one value is a figure")
        if self.step is not None and self.draw != "time_chart":
            raise ValueError("`step` is of a time_chart; leave it out")
        if self.order and self.order.removeprefix("-") not in (*self.measures, *self.by):
            raise ValueError(f"order {self.order!r} is none of the panel's measures or dimensions; name one of them")
        return self


class Dashboard(BaseModel):
    """All of a dashboard but its name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: str = Field(default="", max_length=1_000)
    panels: tuple[PanelDefinition, ...] = Field(default=(), max_length=MOST_PANELS)


def parse_dashboard(text: str) -> Dashboard:
    """The dashboard that a YAML text is; raises InvalidDashboard with every fault, its line and its cure."""
    if len(text) > LONGEST_DEFINITION:
        raise InvalidDashboard(f"A dashboard has at most {LONGEST_DEFINITION:,} characters; divide it into several.")
    document = _document(text)
    given = document.value if document.value is not None else {}
    if not isinstance(given, dict):
        raise InvalidDashboard("line 1: this is no dashboard; begin with the key `panels:` and a list below it.")
    faults = [Fault(line, f"{key!r} is written twice; keep one") for line, key in document.repeated_keys()]
    try:
        dashboard = Dashboard.model_validate(given)
    except ValidationError as error:
        details = error.errors(include_url=False)
        for detail in details:
            place = detail["loc"]
            # Of items that are all wrong themselves.
            if detail["type"] == "too_short" and any(one["loc"][:-1] == place for one in details):
                continue
            where = _where(given, place)
            complaint = field_complaint(detail, Dashboard, place).rstrip(".")
            faults.append(Fault(document.line(place), f"{where}{complaint}"))
    if faults:
        raise InvalidDashboard("The dashboard cannot be used. " + "; ".join(map(str, sorted(faults))) + ".")
    return dashboard


def _document(text: str) -> Document:
    try:
        _check_events(text)
        return parse_document(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else 1
        raise InvalidDashboard(f"line {line}: this is not YAML: {error.problem}; correct that line.") from None
    except yaml.YAMLError as error:
        raise InvalidDashboard(f"This is not YAML: {str(error).splitlines()[0]}; remove it.") from None


def _check_events(text: str) -> None:
    """Refuses what would take more time or memory than a dashboard is worth, as soon as it is met."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise InvalidDashboard("A dashboard has no aliases of YAML, such as *name; write out what they stand for.")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise InvalidDashboard("Brackets are nested too deeply; a dashboard is a list of panels.")


def _where(given: dict[str, object], place: tuple[str | int, ...]) -> str:
    """E.g. "panel 'Traffic': measures: 0: "."""
    parts = list(place)
    names = []
    panels = given.get("panels")
    if len(parts) > 1 and parts[0] == "panels" and isinstance(parts[1], int) and isinstance(panels, list):
        panel = panels[parts[1]]
        title = panel.get("title") if isinstance(panel, dict) else None
        names = [f"panel {title!r}" if isinstance(title, str) and title else f"panel number {parts[1] + 1}"]
        parts = parts[2:]
    names += [str(part) for part in parts if isinstance(part, str)]
    return "".join(f"{one}: " for one in names)
