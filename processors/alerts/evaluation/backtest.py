"""The alerts that rules would have raised in the past: the same evaluation and states, minute by minute."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from processors.alerts.evaluation.evaluate import Asked, Finding, evaluate
from processors.alerts.evaluation.limit import within_limit
from processors.alerts.evaluation.minutes import Minutes
from processors.alerts.evaluation.sources import RuleSources
from processors.alerts.evaluation.state import Alert, State, step
from processors.alerts.rules.plan import Course
from processors.alerts.rules.rule import Rule
from processors.errors import InvalidQuestion
from processors.query.answer import Answer
from processors.query.question import Question
from processors.time.window import DAY, MINUTE, Window, floor
from storage.errors import GatelensError


@dataclass(frozen=True)
class Page:
    """One alert, from when it would have fired until it would have been over."""

    rule: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    fired_at: datetime
    # None where it still fires at the end.
    resolved_at: datetime | None
    # The furthest beyond the threshold.
    worst: float

    def lasts(self, end: datetime) -> timedelta:
        """How long it fired, at most until the end of what was looked at."""
        return (self.resolved_at or end) - self.fired_at


@dataclass(frozen=True)
class Backtest:
    """What came of it."""

    window: Window
    pages: tuple[Page, ...]
    # By rule, why it could not be evaluated, the first time that it could not.
    faults: Mapping[str, str]
    # Rules that look at how things are now, and cannot be evaluated for the past.
    skipped: tuple[str, ...]

    def noise(self, shorter_than: timedelta) -> tuple[Page, ...]:
        """Pages that were over by themselves within so long."""
        return tuple(page for page in self.pages if page.resolved_at and page.lasts(self.window.end) < shorter_than)


# Rules that read something else than traffic are left out.
_NOTHING = RuleSources({}, lambda sql, output_format: b"")


def backtest(
    rules: Sequence[Rule],
    questions: Asked,
    window: Window,
    progress: Callable[[float], None] = lambda share: None,
    *,
    step: timedelta = MINUTE,
) -> Backtest:
    """Evaluate rules at each step of a window, as if all telemetry had been there at once; `step` is whole minutes."""
    chosen = [rule for rule in rules if not rule.reads_present]
    minutes = Minutes(_Kept(questions))
    passages = [_Passage(rule, step) for rule in chosen]
    # A day at a time, for that is how minutes are asked for.
    moment = window.start
    while moment <= window.end:
        number = math.ceil((min(floor(moment, DAY) + DAY, window.end + MINUTE) - moment) / step)
        end = moment + number * step
        for place, passage in enumerate(passages):
            passage.go_on(minutes, moment, number)
            progress(((moment - window.start) + (end - moment) * (place + 1) / len(passages)) / window.length)
        moment = end
    pages = sorted(
        (page for passage in passages for page in passage.pages()),
        key=lambda page: (page.fired_at, page.rule, sorted(page.labels.items())),
    )
    faults = {passage.rule.name: passage.fault for passage in passages if passage.fault}
    return Backtest(window, tuple(pages), faults, tuple(rule.name for rule in rules if rule.reads_present))


class _Kept:
    """Questions without the answers that lack what has been deleted: to a rule it would be traffic that stopped."""

    def __init__(self, questions: Asked) -> None:
        self._questions = questions

    def outcomes(self, questions: Sequence[Question]) -> list[Answer | GatelensError]:
        return [
            _deleted(found.since) if isinstance(found, Answer) and found.since is not None else found
            for found in self._questions.outcomes(questions)
        ]


def _deleted(since: datetime) -> GatelensError:
    return InvalidQuestion(
        f"Requests before {since:%Y-%m-%d %H:%M} UTC have been deleted, and no rollup holds all that the rule asks;"
        " begin later."
    )


class _Passage:
    """One rule on its way through the past."""

    def __init__(self, rule: Rule, step: timedelta) -> None:
        self.rule = rule
        self._interval = step
        self.fault = ""
        self._alerts: dict[str, Alert] = {}
        self._open: dict[str, Page] = {}
        self._over: list[Page] = []
        # Asked at the last evaluation; of the same answers comes the same again.
        self._asked: tuple[Question, ...] = ()

    def pages(self) -> list[Page]:
        return [*self._over, *self._open.values()]

    def go_on(self, minutes: Minutes, start: datetime, number: int) -> None:
        """Through so many evaluations; a rule that fails goes no further."""
        eventful = self._eventful(minutes, start, number)
        place = 0
        while place < len(eventful) and not self.fault:
            if not self._alerts and not eventful[place]:
                ahead = np.flatnonzero(eventful[place:])
                if not ahead.size:
                    return
                place += int(ahead[0])
            self._evaluate(minutes, start + place * self._interval)
            place += 1

    def _eventful(self, minutes: Minutes, start: datetime, number: int) -> Course:
        """In which evaluations something may begin to hold."""
        every = np.ones(number, dtype=bool)
        plan = self.rule.plan(start, timedelta())
        if plan.may_hold is None:
            return every
        try:
            every_minute = (number * self._interval + plan.late) // MINUTE
            courses = [minutes.course(question, every_minute) for question in plan.questions]
        except GatelensError:
            # The evaluation says so.
            return every
        known = [course for course in courses if course is not None]
        if len(known) < len(courses):
            return every
        eventful: Course = np.any(plan.may_hold(known), axis=1)
        return eventful[plan.late // MINUTE :: self._interval // MINUTE]

    def _evaluate(self, minutes: Minutes, moment: datetime) -> None:
        asked = self.rule.plan(moment, timedelta()).questions
        if asked == self._asked and not self._alerts:
            return
        finding = evaluate([self.rule], minutes, _NOTHING, moment, timedelta())[self.rule.name]
        if isinstance(finding, Finding):
            self._asked = asked
            self._step(finding, moment)
        else:
            self.fault = str(finding) or type(finding).__name__

    def _step(self, finding: Finding, moment: datetime) -> None:
        """The alerts after an evaluation; pages that begin, get worse and end are noted."""
        samples, _ = within_limit(self.rule, self._alerts, finding.samples)
        alerts, _ = step(self.rule, self._alerts, samples, moment, finding.window)
        worst = max if self.rule.op in (">", ">=") else min
        for key, alert in alerts.items():
            page = self._open.get(key)
            if alert.is_firing and alert.fired_at is not None:
                if page is None:
                    page = Page(self.rule.name, alert.labels, alert.annotations, alert.fired_at, None, alert.value)
                self._open[key] = replace(page, worst=worst(page.worst, alert.value))
            elif page is not None and alert.state is State.RESOLVED:
                self._over.append(replace(self._open.pop(key), resolved_at=alert.resolved_at))
        # Resolved alerts would be notified at once.
        self._alerts = {key: alert for key, alert in alerts.items() if alert.state is not State.RESOLVED}
