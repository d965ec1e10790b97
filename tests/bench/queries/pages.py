"""What each page of the web app costs: its questions, and all of it, as the browser asks for it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from opentelemetry.metrics import get_meter

from dashboards.api.catalogue import Catalogued
from dashboards.page import Group, Page
from dashboards.pages.pages import PAGES
from dashboards.panel import Panel
from dashboards.parts import PageParts
from dashboards.settings import WebSettings
from dashboards.site.panels import PanelAnswers
from dashboards.state.context import PageContext
from dashboards.state.view import View
from dashboards.under_way import UnderWay
from processors.alerts.engine import AlertEngine
from processors.alerts.evaluation.sources import RuleSources
from processors.alerts.rule_file import RuleFile
from processors.alerts.rule_source import RuleSource
from processors.ingest.pipeline import Pipeline
from processors.query.answer import Answer
from processors.query.filters import Filter
from processors.query.question import Question
from processors.query.questions import Questions
from processors.query.tables import HANDLED
from processors.rollups.coverage import RollupCoverage
from processors.slo.slos import SLOs
from storage.errors import GatelensError
from storage.store import Store
from tests.bench.queries.rows_read import rows_read
from tests.bench.queries.stopwatch import Took, middle, p95, since, stopwatch

RANGES = ("1h", "24h", "7d")
_FILTERS = {"all": (), "one": (Filter("environment", values=("production",)), Filter("api", values=("api-3",)))}
_ITEMS = {"/apis": "api-3", "/gateways": "edge"}
_MINUTE = timedelta(minutes=1)


@dataclass
class Clock:
    """Goes on when it is told to."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


class WatchedQuestions(Questions):
    """Keeps what was answered."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self.coverage = RollupCoverage(store, clock)
        self.answers: list[Answer] = []
        super().__init__(store, clock, self.coverage)

    def ask(self, question: Question, deadline: timedelta | None = None) -> Answer:
        answer = super().ask(question, deadline)
        self.answers.append(answer)
        return answer


@dataclass(frozen=True)
class TimedAnswers(PanelAnswers):
    """Keeps how long the questions took."""

    took: list[Took] = field(default_factory=list)

    def ask(self, panels: Sequence[Panel], context: PageContext) -> Mapping[str, Sequence[Answer] | GatelensError]:
        started = stopwatch()
        found = super().ask(panels, context)
        self.took.append(since(started))
        failed = [answers for answers in found.values() if isinstance(answers, GatelensError)]
        if failed:
            raise failed[0]
        return found


def page_figures(store: Store, now: datetime, rounds: int, only: Sequence[str] = ()) -> list[dict[str, Any]]:
    """A row for each page, tab, range and choice of filters; milliseconds."""
    clock = Clock(now)
    parts, questions = _parts(store, clock)
    found = []
    with ThreadPoolExecutor(4, "panels") as threads:
        for page in (make(parts) for make in PAGES):
            for view in _views(page):
                if page.group is Group.SYSTEM or (only and view.path not in only):
                    continue
                for length in RANGES:
                    for name, filters in _FILTERS.items():
                        shown = view.but(start=f"now-{length}", filters=filters)
                        figures = _figures(store, page, shown, clock, questions, threads, rounds)
                        found.append({"page": view.path, "tab": view.tab, "range": length, "filters": name, **figures})
    parts.engine.stop()
    return found


def _views(page: Page) -> Iterator[View]:
    paths = [page.path, *([f"{page.path}/{_ITEMS[page.path]}"] if page.has_items and page.path in _ITEMS else [])]
    for path in paths:
        view = View(path=path)
        tabs = page.tabs(view)
        yield from (view.but(tab=tab.name) for tab in tabs)
        if not tabs:
            yield view


def _figures(
    store: Store,
    page: Page,
    view: View,
    clock: Clock,
    questions: WatchedQuestions,
    threads: ThreadPoolExecutor,
    rounds: int,
) -> dict[str, Any]:
    answers = TimedAnswers(questions, threads)
    whole = []
    # The first one is not counted: code and marks are loaded.
    for _ in range(rounds + 1):
        clock.now += _MINUTE
        questions.answers = []
        started = stopwatch()
        answers.regions(page.panels(view), PageContext(view, clock(), page.implied(view)))
        whole.append(since(started))
    asked = {answer.question: answer for answer in questions.answers}
    return {
        "questions": len(asked),
        "data_cpu_ms": middle(took.cpu_ms for took in answers.took[1:]),
        "data_cpu_ms_p95": p95(took.cpu_ms for took in answers.took[1:]),
        "data_ms": middle(took.ms for took in answers.took[1:]),
        "data_ms_p95": p95(took.ms for took in answers.took[1:]),
        "page_cpu_ms": middle(took.cpu_ms for took in whole[1:]),
        "page_ms": middle(took.ms for took in whole[1:]),
        "tables": sorted({answer.table for answer in asked.values()}),
        "rows_read": rows_read(store, questions.coverage, clock(), asked),
    }


def _parts(store: Store, clock: Callable[[], datetime]) -> tuple[PageParts, WatchedQuestions]:
    questions = WatchedQuestions(store, clock)
    file = RuleFile.model_validate({"rules": [], "receivers": []})
    sources = RuleSources({}, lambda sql, output_format: b"")
    meter = get_meter("bench")
    engine = AlertEngine(store, RuleSource(file=file), clock, meter, "http://gatelens", questions, sources)
    parts = PageParts(
        store,
        questions,
        Questions(store, clock, tables=HANDLED),
        # People's own SQL is not asked.
        cast(Any, None),
        engine,
        SLOs(()),
        Catalogued(),
        lambda: None,
        Pipeline,
        # Pages about Gatelens itself are not asked.
        cast(Any, None),
        clock,
        WebSettings("", "", "", ""),
        cast(Any, None),
        cast(Any, None),
        UnderWay(),
    )
    return parts, questions
