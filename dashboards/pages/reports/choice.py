"""What a reader has chosen of a usage report, all of it in the address."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from dashboards.state.view import View
from processors.query.question import Question
from processors.reports.dimensions import dimensions
from processors.reports.usage import usage_question
from processors.time.period import parse_period
from processors.time.window import Window

PATH = "/reports"
DEFAULT_START = "this-month"
DEFAULT_BY = "api"

# A report's filters, and their parameters here: those of the range belong to other pages.
FILTERS = {"environment": "in_environment", "gateway": "in_gateway", "api": "of_api", "consumer": "of_consumer"}
_FILE = "usage"


@dataclass(frozen=True)
class ReportChoice:
    """One report; the names are those of the command and of the HTTP API."""

    start: str
    end: str
    by: tuple[str, ...]
    filters: Mapping[str, str]

    def window(self, now: datetime) -> Window:
        """Raises InvalidReport."""
        return parse_period(self.start, self.end, now)

    def question(self, now: datetime) -> Question:
        """Of all its rows; raises InvalidReport."""
        return usage_question(self.window(now), self.by, self.filters)

    def total(self, now: datetime) -> Question:
        """Of one row for all of them; raises InvalidReport."""
        return self.question(now).but(dimensions=(), step=None)

    def options(self) -> dict[str, str]:
        """As the HTTP API takes them, without what is empty."""
        named = {"from": self.start, "to": self.end, "by": ",".join(self.by), **self.filters}
        return {name: value for name, value in named.items() if value}

    def file(self, form: str) -> str:
        """The address of the file in a format."""
        return f"/api/v1/reports/usage?{urlencode({**self.options(), 'format': form})}"

    def command(self, form: str) -> str:
        """What makes the same file in a shell."""
        words = [f"--{name} {shlex.quote(value)}" for name, value in self.options().items()]
        return " ".join(["gatelens report usage", *words, f"-o {_FILE}.{form}"])

    def put(self, view: View) -> View:
        """The view with this choice; what is the default is left out."""
        return view.setting(
            since="" if self.start == DEFAULT_START else self.start,
            until=self.end,
            by="" if self.by == (DEFAULT_BY,) else ",".join(self.by),
            **{parameter: self.filters.get(name, "") for name, parameter in FILTERS.items()},
        )


def report_choice(view: View) -> ReportChoice:
    """The choice of a view."""
    by = tuple(name.strip() for name in (view.parameter("by") or DEFAULT_BY).split(",") if name.strip())
    return ReportChoice(
        view.parameter("since") or DEFAULT_START,
        view.parameter("until"),
        by or (DEFAULT_BY,),
        {name: value for name, parameter in FILTERS.items() if (value := view.parameter(parameter))},
    )


def report_of(view: View, consumer: str) -> View:
    """The page with what one consumer used, a row for each API."""
    return ReportChoice(DEFAULT_START, "", (DEFAULT_BY,), {"consumer": consumer}).put(view.to(PATH).but(filters=()))


def checked(choice: ReportChoice, now: datetime) -> ReportChoice:
    """The same choice; raises InvalidReport where no report can be made of it."""
    choice.window(now)
    dimensions(choice.by)
    return choice


def entered_choice(old: ReportChoice, values: Mapping[str, Sequence[str]]) -> ReportChoice:
    """The choice with period and filters as they were entered into the form."""

    def first(name: str) -> str:
        return next(iter(values.get(name, [])), "").strip()

    filters = {name: value for name in FILTERS if (value := first(name))}
    return ReportChoice(first("from") or DEFAULT_START, first("to"), old.by, filters)
